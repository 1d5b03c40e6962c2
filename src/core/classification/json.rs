//! Values from JSON, without a copy of them that nobody wipes.
//!
//! `serde_json` undoes escapes (`\n`, `\"`) in a buffer of its own, which it frees as it is. Here they are undone in one that is wiped. What has no
//! escape in it is `serde_json`'s to read, and so are numbers and words everywhere.

use std::fmt;
use std::ops::Deref;

use serde::de::{
    self, Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess,
    SeqAccess, Visitor,
};
use zeroize::Zeroizing;

use self::key::Key;
use self::text::Text;

mod key;
mod text;

/// Reads a value. What comes out is the caller's to wipe.
///
/// # Errors
/// It is not one of this type, or no JSON.
pub(crate) fn from_json<T: DeserializeOwned>(json: &[u8]) -> Result<T, Unreadable> {
    if !json.contains(&b'\\') {
        return serde_json::from_slice(json).map_err(|_| Unreadable);
    }
    let mut text = Text::new(json);
    let value = T::deserialize(&mut text)?;
    if text.peek().is_none() { Ok(value) } else { Err(Unreadable) }
}

/// A value that is not of its type. Says no more: serde's message may quote the value.
#[derive(Debug)]
pub(crate) struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value is not of its type")
    }
}

impl std::error::Error for Unreadable {}

impl de::Error for Unreadable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// What a string says: as it stands there, or with its escapes undone.
enum Said<'j> {
    Plain(&'j str),
    Undone(Zeroizing<String>),
}

impl Deref for Said<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Undone(text) => text,
        }
    }
}

/// A number or a word, read by `serde_json`.
fn scalar<'de, R: serde_json::de::Read<'de>, T>(
    mut json: serde_json::Deserializer<R>,
    read: impl FnOnce(&mut serde_json::Deserializer<R>) -> serde_json::Result<T>,
) -> Result<T, Unreadable> {
    let value = read(&mut json).map_err(|_| Unreadable)?;
    json.end().map_err(|_| Unreadable)?;
    Ok(value)
}

/// What `serde_json` reads wherever it is neither a string nor a list nor a map.
macro_rules! scalars {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
            match self.peek() {
                Some(b'"') => visitor.visit_str(&self.string()?),
                Some(b'[') => self.nested(b"[]", |text| visitor.visit_seq(Items::of(text, b']'))),
                Some(b'{') => self.nested(b"{}", |text| visitor.visit_map(Items::of(text, b'}'))),
                _ => scalar(serde_json::Deserializer::from_slice(self.token()), |json| json.$method(visitor)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Text<'de> {
    type Error = Unreadable;

    scalars! {
        deserialize_any deserialize_bool deserialize_unit deserialize_ignored_any
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_str(&self.string()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.peek() {
            Some(b'"') => visitor.visit_bytes(self.string()?.as_bytes()),
            _ => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.peek() != Some(b'n') {
            return visitor.visit_some(self);
        }
        <()>::deserialize(self)?;
        visitor.visit_none()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.nested(b"[]", |text| visitor.visit_seq(Items::of(text, b']')))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.nested(b"{}", |text| visitor.visit_map(Items::of(text, b'}')))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        match self.peek() {
            Some(b'[') => self.deserialize_seq(visitor),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        match self.peek() {
            Some(b'"') => {
                let word = self.string()?;
                IntoDeserializer::<Unreadable>::into_deserializer(&*word)
                    .deserialize_enum(name, variants, visitor)
            }
            _ => self.nested(b"{}", |text| visitor.visit_enum(Variant(text))),
        }
    }
}

/// The items of a list, or the entries of a map.
struct Items<'a, 'j> {
    text: &'a mut Text<'j>,
    close: u8,
    first: bool,
}

impl<'a, 'j> Items<'a, 'j> {
    const fn of(text: &'a mut Text<'j>, close: u8) -> Self {
        Self { text, close, first: true }
    }

    /// Whether there is one more, in front of which the text then stands.
    fn more(&mut self) -> Result<bool, Unreadable> {
        if self.text.peek() == Some(self.close) {
            return Ok(false);
        }
        if !std::mem::take(&mut self.first) {
            self.text.take(b',')?;
        }
        Ok(true)
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Unreadable;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Unreadable> {
        if self.more()? { seed.deserialize(&mut *self.text).map(Some) } else { Ok(None) }
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Unreadable;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Unreadable> {
        if self.more()? { seed.deserialize(Key(self.text.string()?)).map(Some) } else { Ok(None) }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Unreadable> {
        self.text.take(b':')?;
        seed.deserialize(&mut *self.text)
    }
}

/// A variant with something in it: `{"variant": …}`.
struct Variant<'a, 'j>(&'a mut Text<'j>);

impl<'de> de::EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Unreadable;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Unreadable> {
        let variant = seed.deserialize(Key(self.0.string()?))?;
        self.0.take(b':')?;
        Ok((variant, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Unreadable;

    fn unit_variant(self) -> Result<(), Unreadable> {
        <()>::deserialize(self.0)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Unreadable> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unreadable> {
        self.0.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.0.deserialize_struct("", fields, visitor)
    }
}

#[cfg(test)]
mod tests;
