//! The measuring loop that every benchmark here shares.
//!
//! Two ways of doing one thing take turns in short batches, and what counts is the median of the ratios of neighbouring batches: what
//! slows the machine down for a moment slows both. The quartiles are printed beside it.
//!
//! A goal is a line `ratio NAME VALUE <= GOAL` (of times) or `>= GOAL` (of throughputs), which `benches/run.sh` judges; without a goal it is a line `report NAME VALUE`.
//! Under `cargo bench` (which passes `--bench`) everything is measured; under `cargo test` every contest runs for one round, to show
//! that it runs, and no figure is printed.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long one batch takes, about: long against the clock's resolution, short against whatever else the machine does.
const BATCH: Duration = Duration::from_micros(300);
const ROUNDS: usize = 601;
/// Where a single call takes longer than a batch should, fewer rounds: as many as fit in this, and never less than a few.
const LONGEST: Duration = Duration::from_secs(3);
const FEWEST_ROUNDS: usize = 51;
const WARM_UP: usize = 20;

/// The benchmark's run, and the lines that are printed last.
pub struct Bench {
    measured: bool,
    lines: Vec<String>,
}

impl Bench {
    /// Starts as the command line says.
    pub fn start() -> Self {
        Self { measured: std::env::args().any(|argument| argument == "--bench"), lines: Vec::new() }
    }

    /// Measures `ours` against `theirs`; `goal` is the most that the ratio of their times may be.
    #[allow(dead_code, reason = "not every benchmark has such a line")]
    pub fn at_most<A, B>(
        &mut self,
        name: &str,
        goal: f64,
        ours: impl FnMut() -> A,
        theirs: impl FnMut() -> B,
    ) {
        if let Some(ratio) = self.contest(name, timed(ours), timed(theirs)) {
            self.lines.push(at_most(name, ratio, goal));
        }
    }

    /// The same call for one thing against another, where it uses up what it is given: making that, and dropping what is returned, is not
    /// part of what is measured.
    #[allow(dead_code, reason = "not every benchmark has such a line")]
    pub fn at_most_of<W, I, A>(
        &mut self,
        name: &str,
        goal: f64,
        [ours, theirs]: [&W; 2],
        make: impl Fn(&W) -> I,
        call: impl Fn(I) -> A,
    ) {
        let [ours, theirs] = [ours, theirs].map(|what| fresh(|| make(what), &call));
        if let Some(ratio) = self.contest(name, ours, theirs) {
            self.lines.push(at_most(name, ratio, goal));
        }
    }

    /// Two calls that use up what they are given, which is made before; `goal` is the least that the ratio of their throughputs may be.
    #[allow(dead_code, reason = "not every benchmark has such a line")]
    pub fn at_least_of<I, A, J, B>(
        &mut self,
        name: &str,
        goal: f64,
        make_ours: impl Fn() -> I,
        ours: impl FnMut(I) -> A,
        make_theirs: impl Fn() -> J,
        theirs: impl FnMut(J) -> B,
    ) {
        if let Some(ratio) = self.contest(name, fresh(make_ours, ours), fresh(make_theirs, theirs)) {
            self.lines.push(format!("ratio {name} {:.3} >= {goal:.2}", 1.0 / ratio));
        }
    }

    /// Measures `ours` against `theirs`; `goal` is the least that the ratio of their throughputs may be: their time by ours.
    #[allow(dead_code, reason = "not every benchmark has such a line")]
    pub fn at_least<A, B>(
        &mut self,
        name: &str,
        goal: f64,
        ours: impl FnMut() -> A,
        theirs: impl FnMut() -> B,
    ) {
        if let Some(ratio) = self.contest(name, timed(ours), timed(theirs)) {
            self.lines.push(format!("ratio {name} {:.3} >= {goal:.2}", 1.0 / ratio));
        }
    }

    /// Measures, and states no goal.
    #[allow(dead_code, reason = "not every benchmark has such a line")]
    pub fn report<A, B>(&mut self, name: &str, ours: impl FnMut() -> A, theirs: impl FnMut() -> B) {
        if let Some(ratio) = self.contest(name, timed(ours), timed(theirs)) {
            self.lines.push(match ratio < 0.1 {
                true => format!("report {name} {ratio:.5}"),
                false => format!("report {name} {ratio:.3}"),
            });
        }
    }

    /// Measures one thing alone, that does `count` of something in a call: how many of it are done in a second.
    #[allow(dead_code, reason = "not every benchmark has such a line")]
    pub fn per_second<A>(&mut self, name: &str, count: usize, call: impl FnMut() -> A) {
        let mut call = timed(call);
        if !self.measured {
            call(1);
            return;
        }
        let batch = calibrate(&mut call);
        let wanted = rounds(call(batch) * f64::from(batch));
        let taken = sorted((0..WARM_UP + wanted).map(|_| call(batch)).skip(WARM_UP));
        let taken = quantile(&taken, 0.5);
        println!("{name:<44} {:>9.2} ns each", taken / count as f64);
        self.lines.push(format!("report {name} {:.0}", count as f64 * 1e9 / taken));
    }

    /// Tells something that was counted.
    #[allow(dead_code, reason = "not every benchmark has such a line")]
    pub fn counted(&mut self, name: &str, count: usize) {
        if self.measured {
            self.lines.push(format!("report {name} {count}"));
        }
    }

    /// Whether figures are taken, or it is only shown that everything runs.
    #[allow(dead_code, reason = "not every benchmark is smaller where nothing is measured")]
    pub const fn is_measured(&self) -> bool {
        self.measured
    }

    /// Both say how many nanoseconds a call took, of so many.
    fn contest(
        &self,
        name: &str,
        mut ours: impl FnMut(u32) -> f64,
        mut theirs: impl FnMut(u32) -> f64,
    ) -> Option<f64> {
        if !self.measured {
            ours(1);
            theirs(1);
            return None;
        }
        let (our_count, their_count) = (calibrate(&mut ours), calibrate(&mut theirs));
        let taken = |per_call: f64, count: u32| per_call * f64::from(count);
        let wanted = rounds(taken(ours(our_count), our_count) + taken(theirs(their_count), their_count));
        let mut rounds = Vec::with_capacity(wanted);
        for round in 0..WARM_UP + wanted {
            // Whoever goes second finds warm or cold caches: they take turns in that too.
            let (one, other) = if round % 2 == 0 {
                let one = ours(our_count);
                (one, theirs(their_count))
            } else {
                let other = theirs(their_count);
                (ours(our_count), other)
            };
            if round >= WARM_UP {
                rounds.push((one, other));
            }
        }
        let ratios = sorted(rounds.iter().map(|(one, other)| one / other));
        let one = sorted(rounds.iter().map(|(one, _)| *one));
        let other = sorted(rounds.iter().map(|(_, other)| *other));
        println!(
            "{name:<44} {:>9.2} ns against {:>9.2} ns: {:.4} (half of the rounds {:.4} to {:.4})",
            quantile(&one, 0.5),
            quantile(&other, 0.5),
            quantile(&ratios, 0.5),
            quantile(&ratios, 0.25),
            quantile(&ratios, 0.75),
        );
        Some(quantile(&ratios, 0.5))
    }

    /// Prints the lines.
    pub fn finish(self) {
        self.lines.iter().for_each(|line| println!("{line}"));
    }
}

/// A goal of a thousandth would be nothing with two places behind the point, and so would what meets it.
fn at_most(name: &str, ratio: f64, goal: f64) -> String {
    match goal < 0.1 {
        true => format!("ratio {name} {ratio:.5} <= {goal:.4}"),
        false => format!("ratio {name} {ratio:.3} <= {goal:.2}"),
    }
}

/// How many rounds, of one that takes so many nanoseconds.
fn rounds(nanoseconds: f64) -> usize {
    ((LONGEST.as_nanos() as f64 / nanoseconds) as usize).clamp(FEWEST_ROUNDS, ROUNDS)
}

fn timed<T>(mut call: impl FnMut() -> T) -> impl FnMut(u32) -> f64 {
    move |count| batch(&mut call, count)
}

fn fresh<I, T>(make: impl Fn() -> I, mut call: impl FnMut(I) -> T) -> impl FnMut(u32) -> f64 {
    move |count| {
        let mut taken = Duration::ZERO;
        for _ in 0..count {
            let input = make();
            let start = Instant::now();
            let output = black_box(call(input));
            taken += start.elapsed();
            drop(output);
        }
        taken.as_secs_f64() * 1e9 / f64::from(count)
    }
}

/// Nanoseconds of one call, from `count` of them.
#[inline(never)]
fn batch<T>(call: &mut impl FnMut() -> T, count: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..count {
        // What a call returns is dropped here: its drop is part of what is measured.
        black_box(call());
    }
    start.elapsed().as_secs_f64() * 1e9 / f64::from(count)
}

/// How many calls make a batch.
fn calibrate(call: &mut impl FnMut(u32) -> f64) -> u32 {
    let mut count = 1;
    loop {
        let once = call(count);
        let taken = once * f64::from(count);
        if taken >= BATCH.as_nanos() as f64 || count >= 1 << 24 {
            return count;
        }
        count *= 2;
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn quantile(sorted: &[f64], part: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}
