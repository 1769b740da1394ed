//! Metadata as JSON text and back.

use serde_json::{Map, Number, Value};
use skyphot_core::{Meta, MetaValue};

/// One line of JSON; NaN and infinities become strings.
pub(crate) fn to_text(value: &MetaValue) -> String {
    to_json(value).to_string()
}

pub(crate) fn to_json(value: &MetaValue) -> Value {
    match value {
        MetaValue::Null => Value::Null,
        MetaValue::Bool(b) => Value::Bool(*b),
        MetaValue::Int(i) => Value::from(*i),
        MetaValue::Float(f) => {
            Number::from_f64(*f).map_or_else(|| Value::String(f.to_string()), Value::Number)
        }
        MetaValue::Str(s) => Value::String(s.clone()),
        MetaValue::List(v) => Value::Array(v.iter().map(to_json).collect()),
        MetaValue::Map(m) => {
            Value::Object(m.iter().map(|(k, v)| (k.to_owned(), to_json(v))).collect::<Map<_, _>>())
        }
    }
}

pub(crate) fn from_json(value: &Value) -> MetaValue {
    match value {
        Value::Null => MetaValue::Null,
        Value::Bool(b) => MetaValue::Bool(*b),
        Value::Number(n) => {
            n.as_i64().map_or_else(|| MetaValue::Float(n.as_f64().unwrap_or(f64::NAN)), MetaValue::Int)
        }
        Value::String(s) => MetaValue::Str(s.clone()),
        Value::Array(v) => MetaValue::List(v.iter().map(from_json).collect()),
        Value::Object(m) => {
            let mut meta = Meta::new();
            for (k, v) in m {
                meta.set(k.as_str(), from_json(v));
            }
            MetaValue::Map(meta)
        }
    }
}
