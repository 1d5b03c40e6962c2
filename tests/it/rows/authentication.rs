//! Who is asking: second factors, password rules, stored hashes, rate limits and signed sessions.

use chrono::{DateTime, TimeDelta, Utc};
use pasetors::keys::{AsymmetricKeyPair, AsymmetricPublicKey, AsymmetricSecretKey, Generate, SymmetricKey};
use pasetors::token::UntrustedToken;
use pasetors::version4::{LocalToken, PublicToken, V4};
use pasetors::{Local, Public};
use stewardship::authentication::{
    Amr, Attempts, Authentication, Enrolment, ExposeSecret, KeyedLimited, KeyedLimiter, MfaError, MfaRule,
    NewPassword, PasswordFault, PasswordHash, PasswordHashErrorKind, PasswordNote, PasswordRule,
    PasswordScheme, PasswordUse, RateLimit, RateLimited, ScreenedAs, SecretString, SessionClaims,
    SessionErrorKind, SessionRules, SessionVerifier, Unverified,
};
use stewardship::classification::Level;
use stewardship::{Period, Principal};

use super::world::start;

/// The tail of the hashes of this file: a salt of 16 bytes, a hash of 32.
const TAIL: &str = "gZiV/M1gPc22ElAH/Jh1Hw$CWOrkoo7oJBQ/iyh7uJ0LO2aLEfrHwTWllSAxT0zRno";

stewardship::classes! { HashedPassword: Restricted in "account" = "account.hashed_password"; }

/// S2.28a: a password hash is a PHC string of an allowed scheme, above its floor.
#[test]
fn s2_28a_only_a_costly_hash_is_stored() {
    let kind = |text: &str| PasswordHash::parse(text).unwrap_err().kind();
    assert_eq!(kind("plaintext"), PasswordHashErrorKind::NotPhc);
    assert_eq!(kind(&format!("$md5${TAIL}")), PasswordHashErrorKind::Scheme);
    let argon2id = |m: u32, t: u32| format!("$argon2id$v=19$m={m},t={t},p=1${TAIL}");
    let hash = PasswordHash::parse(&argon2id(19_456, 2)).unwrap();
    let below = |parameter, value, floor| {
        let scheme = PasswordScheme::Argon2id;
        PasswordHashErrorKind::BelowFloor { scheme, parameter, value, floor }
    };
    assert_eq!(kind(&argon2id(19_455, 2)), below("m", 19_455, 19_456));
    assert_eq!(kind(&argon2id(19_456, 1)), below("m", 19_456, 47_104));
    // It is stored as a value of a class, which shows nothing of it.
    let stored = hash.classified::<HashedPassword>();
    assert_eq!(stewardship::classification::ClassSpec::of::<HashedPassword>().level, Level::Restricted);
    for shown in [format!("{stored:?}"), format!("{hash:?}")] {
        assert!(!shown.contains("gZiV") && !shown.contains("CWOr"), "{shown}");
    }
}

fn authenticated(names: &[&str], at: DateTime<Utc>) -> Authentication {
    Authentication::new(Amr::from_names(names.iter().copied()), at)
}

/// S2.28b: optional for customers, but enrolled means required.
#[test]
fn s2_28b_an_enrolled_customer_needs_the_second_factor() {
    let customers = MfaRule::when_enrolled(Period::hours(12));
    let (one, two) = (authenticated(&["pwd"], start()), authenticated(&["pwd", "otp"], start()));
    let check = |said: &Authentication, enrolment| customers.check(said, enrolment, start()).map(|_| ());
    assert_eq!(check(&one, Enrolment::Enrolled), Err(MfaError::Required));
    assert_eq!(check(&one, Enrolment::NotEnrolled), Ok(()));
    assert_eq!(check(&one, Enrolment::Unknown), Err(MfaError::Required));
    assert_eq!(check(&two, Enrolment::Enrolled), Ok(()));
}

/// S3.11: a password is one factor, and a second one ages.
#[test]
fn s3_11_one_factor_is_not_two_and_two_go_stale() {
    let production = MfaRule::always(Period::hours(12));
    let check = |names: &[&str], hours: i64| {
        let said = authenticated(names, start() - TimeDelta::hours(hours));
        production.check(&said, Enrolment::Enrolled, start()).map(|mfa| mfa.unwrap().at())
    };
    assert_eq!(check(&["pwd"], 0), Err(MfaError::Required));
    assert_eq!(check(&["pwd", "pin"], 0), Err(MfaError::Required));
    assert_eq!(check(&["pwd", "otp"], 12), Ok(start() - TimeDelta::hours(12)));
    let at = start() - TimeDelta::hours(13);
    assert_eq!(check(&["pwd", "otp"], 13), Err(MfaError::Stale { at, within: Period::hours(12) }));
    let at = start() + TimeDelta::hours(1);
    assert_eq!(check(&["pwd", "otp"], -1), Err(MfaError::InFuture { at }));
}

/// S3.12: the presets, with and without a blocklist.
#[test]
fn s3_12_passwords_are_held_against_the_rule_that_was_chosen() {
    let blocklist = |password: &SecretString| {
        let listed = password.expose_secret() == "Password1234!";
        if listed { ScreenedAs::Listed } else { ScreenedAs::Clear }
    };
    let told = |rule: PasswordRule, text: &str, used, screened: bool| {
        let password = SecretString::from(text);
        let new = NewPassword::new(&password).used(used);
        let new = if screened { new.screen(&blocklist) } else { new };
        rule.check(&new).map_err(|refused| refused.faults().to_vec())
    };
    let (seed, nist, alone) = (PasswordRule::Seed12Mix, PasswordRule::Nist80063B4, PasswordUse::SingleFactor);
    assert_eq!(told(seed, "Password1234!", alone, false), Ok(()));
    assert_eq!(told(seed, "Password1234!", alone, true), Err(vec![PasswordFault::Listed]));
    assert_eq!(told(nist, "correct horse battery staple", alone, true), Ok(()));
    let fourteen = "correct horses";
    assert_eq!(fourteen.len(), 14);
    assert_eq!(told(nist, fourteen, alone, true), Err(vec![PasswordFault::TooShort { least: 15 }]));
    assert_eq!(told(nist, fourteen, PasswordUse::BesideSecondFactor, true), Ok(()));
    assert_eq!(
        told(nist, "correct horse battery staple", alone, false),
        Err(vec![PasswordFault::NotScreened])
    );
    assert!(seed.notes().contains(&PasswordNote::CompositionRuleDiscouraged));
    assert!(!nist.notes().contains(&PasswordNote::CompositionRuleDiscouraged));
}

/// S2.28d: the attempt after the last is refused, and admitted when the window has passed.
#[test]
fn s2_28d_one_attempt_too_many_waits_for_the_window() {
    let limit = RateLimit::new(5, TimeDelta::minutes(15)).unwrap();
    let at = |minutes| start() + TimeDelta::minutes(minutes);
    // Stored between the calls, as a host with several processes does.
    let mut stored = serde_json::to_string(&Attempts::default()).unwrap();
    let mut attempt = |now| {
        let mut state: Attempts = serde_json::from_str(&stored).unwrap();
        let answer = limit.attempt(&mut state, now);
        stored = serde_json::to_string(&state).unwrap();
        answer
    };
    for minutes in 0..5 {
        assert_eq!(attempt(at(minutes)), Ok(()));
    }
    let limited = RateLimited { retry_after: TimeDelta::minutes(11) };
    assert_eq!(attempt(at(4)), Err(limited));
    assert_eq!(attempt(at(4) + limited.retry_after), Ok(()));
    // In memory, for the forms of requests, say: by whoever sends them.
    let mut intake = KeyedLimiter::new(limit, 100.try_into().unwrap(), std::hash::RandomState::new());
    for _ in 0..5 {
        assert_eq!(intake.attempt("198.51.100.7", start()), Ok(()));
    }
    let limited = intake.attempt("198.51.100.7", start()).unwrap_err();
    assert_eq!(limited, KeyedLimited::Key(RateLimited { retry_after: TimeDelta::minutes(15) }));
    assert_eq!(intake.attempt("203.0.113.9", start()), Ok(()));
    assert_eq!(intake.attempt("198.51.100.7", start() + limited.retry_after()), Ok(()));
}

/// Tokens of PASETO version 4, as a host signs and verifies them: the joint to a library.
struct Paseto {
    public: AsymmetricPublicKey<V4>,
}

/// A key pair of RFC 8032 (section 7.1, test 1): the secret half, with the public one behind it.
const SECRET: [u8; 64] = *b"\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60\xd7\x5a\x98\x01\x82\xb1\x0a\xb7\xd5\x4b\xfe\xd3\xc9\x64\x07\x3a\x0e\xe1\x72\xf3\xda\xa6\x23\x25\xaf\x02\x1a\x68\xf7\x07\x51\x1a";

impl Paseto {
    fn new() -> Self {
        Self { public: AsymmetricPublicKey::from(&SECRET[32..]).unwrap() }
    }

    fn sign(payload: &str) -> String {
        let secret = AsymmetricSecretKey::<V4>::from(&SECRET).unwrap();
        PublicToken::sign(&secret, payload.as_bytes(), None, None).unwrap()
    }
}

impl SessionVerifier for Paseto {
    fn verify(&self, token: &[u8], _: &str, _: DateTime<Utc>) -> Result<SessionClaims, Unverified> {
        let text = std::str::from_utf8(token).map_err(|_| Unverified)?;
        let token = UntrustedToken::<Public, V4>::try_from(text).map_err(|_| Unverified)?;
        let token = PublicToken::verify(&self.public, &token, None, None).map_err(|_| Unverified)?;
        let payload: serde_json::Value = serde_json::from_str(token.payload()).map_err(|_| Unverified)?;
        claims(&payload).ok_or(Unverified)
    }
}

fn claims(payload: &serde_json::Value) -> Option<SessionClaims> {
    let text = |name: &str| payload[name].as_str();
    let time = |name: &str| text(name)?.parse::<DateTime<Utc>>().ok();
    let amr = payload["amr"].as_array()?.iter().filter_map(serde_json::Value::as_str);
    let said = Authentication::new(Amr::from_names(amr), time("auth_time")?);
    Some(
        SessionClaims::person(text("tenant")?, text("sub")?, time("iat")?, time("exp")?)
            .audience(text("aud")?)
            .role(text("role")?)
            .authenticated(said),
    )
}

fn payload() -> String {
    serde_json::json!({
        "sub": "user-1", "tenant": "acme", "role": "owner", "aud": "app",
        "iat": start().to_rfc3339(), "exp": (start() + TimeDelta::hours(1)).to_rfc3339(),
        "amr": ["pwd", "otp"], "auth_time": start().to_rfc3339(),
    })
    .to_string()
}

fn looked_at(token: &[u8], audience: &str, now: DateTime<Utc>) -> Result<Principal, SessionErrorKind> {
    SessionRules::for_audience(audience)
        .verify(&Paseto::new(), token, now)
        .and_then(|session| session.principal(now))
        .map_err(|error| error.kind())
}

/// S2.28c: a principal comes of a token that is genuine, for us and not expired, and of nothing else.
#[test]
fn s2_28c_a_session_that_is_altered_expired_or_of_another_audience_is_none() {
    let token = Paseto::sign(&payload());
    let second_factor = Authentication::new(Amr::from_names(["pwd", "otp"]), start()).mfa().unwrap();
    let expected = Principal::person("acme", "user-1").role("owner").mfa(second_factor);
    assert_eq!(looked_at(token.as_bytes(), "app", start()), Ok(expected));
    let mut altered = token.clone().into_bytes();
    let mut refused = 0;
    for at in 0..altered.len() * 8 {
        altered[at / 8] ^= 1 << (at % 8);
        assert_eq!(looked_at(&altered, "app", start()), Err(SessionErrorKind::Unverified), "bit {at}");
        altered[at / 8] ^= 1 << (at % 8);
        refused += 1;
    }
    assert_eq!(altered, token.as_bytes());
    assert!(refused > 2_000, "{refused} bits are no token");
    for cut in 0..token.len() {
        assert_eq!(looked_at(&token.as_bytes()[..cut], "app", start()), Err(SessionErrorKind::Unverified));
    }
    assert_eq!(
        looked_at(token.as_bytes(), "app", start() + TimeDelta::hours(2)),
        Err(SessionErrorKind::Expired)
    );
    assert_eq!(
        looked_at(token.as_bytes(), "app", start() - TimeDelta::hours(1)),
        Err(SessionErrorKind::NotYetValid)
    );
    assert_eq!(looked_at(token.as_bytes(), "admin", start()), Err(SessionErrorKind::OtherAudience));
}

/// S2.28c: neither a token without a signature, nor one under the public key as if that were a shared secret, is genuine.
#[test]
fn s2_28c_the_algorithm_is_never_the_tokens_to_choose() {
    let refused = |token: &str| {
        assert_eq!(looked_at(token.as_bytes(), "app", start()), Err(SessionErrorKind::Unverified), "{token}");
    };
    // The token is the same but for its signature.
    let genuine = Paseto::sign(&payload());
    let other = AsymmetricKeyPair::<V4>::generate().unwrap();
    refused(&PublicToken::sign(&other.secret, payload().as_bytes(), None, None).unwrap());
    // JSON Web Tokens with the algorithm `none` (RFC 7519 section 6).
    refused("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyLTEiLCJ0ZW5hbnQiOiJhY21lIiwiYXVkIjoiYXBwIn0.");
    // Under the public key, which everybody may know, as the key of a shared secret.
    let shared = SymmetricKey::<V4>::from(&SECRET[32..]).unwrap();
    let confused = LocalToken::encrypt(&shared, payload().as_bytes(), None, None).unwrap();
    assert!(UntrustedToken::<Local, V4>::try_from(confused.as_str()).is_ok());
    refused(&confused);
    refused(&confused.replace("v4.local.", "v4.public."));
    for header in ["v4.local.", "v3.public.", "v2.public.", "v4.none.", "v4.public.."] {
        refused(&genuine.replace("v4.public.", header));
    }
    refused(&format!("{genuine}.e30"));
}
