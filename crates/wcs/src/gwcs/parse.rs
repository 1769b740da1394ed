//! Transform graphs from a tree.

use std::collections::HashMap;
use std::sync::Arc;

use skyphot_core::tree::Node;

use super::leaf;
use super::model::{Kind, Labels, Model, Operation, Quantity};
use super::unit::Unit;
use crate::{Result, WcsError};

/// Deepest nesting of transforms.
const MAX_DEPTH: usize = 100;
/// Most transforms, with every alias counted as often as it occurs.
const MAX_TRANSFORMS: usize = 5_000;
/// Most numbers in all tables and polynomials.
const MAX_NUMBERS: usize = 32_000_000;
/// Most axes of a transform.
const MAX_AXES: usize = 64;

/// Where the reader is, and what it has seen.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    place: Vec<String>,
    transforms: usize,
    numbers: usize,
    depth: usize,
    /// Labels that are text, by their number.
    labels: HashMap<String, usize>,
}

impl Reader {
    /// Goes one step down for the time of `f`.
    pub(crate) fn at<T>(
        &mut self,
        place: impl Into<String>,
        f: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        self.place.push(place.into());
        let out = f(self);
        self.place.pop();
        out
    }

    pub(crate) fn place(&self) -> String {
        if self.place.is_empty() { "the root".to_owned() } else { self.place.join(".") }
    }

    pub(crate) fn invalid(&self, reason: impl Into<String>) -> WcsError {
        WcsError::InvalidTransform { place: self.place(), reason: reason.into() }
    }

    pub(crate) fn child<'n>(&self, node: &'n Node, key: &str) -> Result<&'n Node> {
        node.require(key).map_err(|e| self.invalid(e.to_string()))
    }

    /// The value of a key unless it is missing or null.
    pub(crate) fn optional<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
        node.get(key).filter(|n| !n.is_null())
    }

    /// The numbers of a node and its shape; they are counted before they are read.
    pub(crate) fn array(&mut self, node: &Node, what: &str) -> Result<(Vec<usize>, Vec<f64>)> {
        let bare = node.magnitude();
        let announced = bare.as_array().map_or(0, |a| a.len());
        self.numbers = self.numbers.saturating_add(announced);
        if self.numbers > MAX_NUMBERS {
            return Err(WcsError::GraphTooLarge { what: "numbers", limit: MAX_NUMBERS });
        }
        let a = node.to_f64_array().map_err(|e| self.invalid(format!("{what}: {e}")))?;
        Ok((a.shape().to_vec(), a.iter().copied().collect()))
    }

    /// As [`array`](Self::array), of finite numbers.
    pub(crate) fn finite_array(&mut self, node: &Node, what: &str) -> Result<(Vec<usize>, Vec<f64>)> {
        let out = self.array(node, what)?;
        match out.1.iter().find(|v| !v.is_finite()) {
            Some(v) => Err(self.invalid(format!("{what}: expected finite numbers, found {v}"))),
            None => Ok(out),
        }
    }

    /// A finite number with the unit that it may have.
    pub(crate) fn quantity(&self, node: &Node, key: &str) -> Result<Quantity> {
        let n = self.child(node, key)?;
        let value = n.to_f64().map_err(|e| self.invalid(format!("{key}: {e}")))?;
        if !value.is_finite() {
            return Err(self.invalid(format!("{key}: expected a finite number, found {value}")));
        }
        Ok(Quantity { value, unit: self.unit(n)? })
    }

    /// The unit of a quantity.
    pub(crate) fn unit(&self, node: &Node) -> Result<Option<Unit>> {
        if !node.is("unit/quantity") {
            return Ok(None);
        }
        let text = node.unit().unwrap_or_default();
        Unit::parse(text).map(Some).ok_or_else(|| self.invalid(format!("unknown unit '{text}'")))
    }

    /// An angle in degrees.
    pub(crate) fn angle(&self, node: &Node, key: &str) -> Result<f64> {
        let q = self.quantity(node, key)?;
        match q.unit {
            Some(u) => u
                .factor_to(Unit::DEGREE)
                .map(|f| q.value * f)
                .ok_or_else(|| self.invalid(format!("{key}: expected an angle"))),
            None => Ok(q.value),
        }
    }

    /// The number of a label.
    pub(crate) fn label(&mut self, node: &Node) -> Result<f64> {
        if let Some(text) = node.as_str() {
            let next = self.labels.len();
            let id = *self.labels.entry(text.to_owned()).or_insert(next);
            // Far from any number that a transform gives.
            return Ok(1e15 + id as f64);
        }
        node.to_f64().map_err(|e| self.invalid(format!("label: {e}")))
    }

    /// The transform of a node.
    pub(crate) fn transform(&mut self, node: &Node) -> Result<Arc<Model>> {
        self.depth += 1;
        self.transforms += 1;
        if self.depth > MAX_DEPTH {
            return Err(WcsError::GraphTooLarge { what: "levels", limit: MAX_DEPTH });
        }
        if self.transforms > MAX_TRANSFORMS {
            return Err(WcsError::GraphTooLarge { what: "transforms", limit: MAX_TRANSFORMS });
        }
        let model = self.tagged(node);
        self.depth -= 1;
        let mut model = model?;
        for (what, n) in [("inputs", model.n_in), ("outputs", model.n_out)] {
            if n > MAX_AXES || n == 0 {
                return Err(self.invalid(format!("expected 1 to {MAX_AXES} {what}, found {n}")));
            }
        }
        if let Some(inverse) = Self::optional(node, "inverse") {
            let inverse = self.at("inverse", |r| r.transform(inverse))?;
            model.inverse = Some(inverse);
        }
        Ok(Arc::new(model))
    }

    fn tagged(&mut self, node: &Node) -> Result<Model> {
        let unknown = |r: &Self| WcsError::UnknownTransform {
            tag: node.tag().map_or_else(|| node.describe(), |t| t.full().to_owned()),
            place: r.place(),
        };
        let Some(tag) = node.tag() else { return Err(unknown(self)) };
        if !["/transform/", "gwcs/", "/gwcs"].iter().any(|p| tag.name().contains(p)) {
            return Err(unknown(self));
        }
        let operation = match tag.short() {
            "compose" | "concatenate" => None,
            "add" => Some(Operation::Add),
            "subtract" => Some(Operation::Subtract),
            "multiply" => Some(Operation::Multiply),
            "divide" => Some(Operation::Divide),
            "power" => Some(Operation::Power),
            "fix_inputs" => return self.fix_inputs(node),
            "label_mapper" => return self.label_mapper(node),
            "regions_selector" => return self.regions_selector(node),
            "fitswcs_imaging" => return leaf::fits_imaging(self, node),
            short => return leaf::read(self, node, short)?.ok_or_else(|| unknown(self)),
        };
        let (a, b) = self.pair(node)?;
        Ok(match (operation, tag.short()) {
            (None, "compose") => {
                if a.n_out != b.n_in {
                    return Err(self.invalid(format!(
                        "compose: {} outputs go into a transform of {} inputs",
                        a.n_out, b.n_in
                    )));
                }
                let (n_in, n_out) = (a.n_in, b.n_out);
                Model::new(Kind::Compose(a, b), n_in, n_out)
            }
            (None, _) => {
                let (n_in, n_out) = (a.n_in + b.n_in, a.n_out + b.n_out);
                Model::new(Kind::Concatenate(a, b), n_in, n_out)
            }
            (Some(operation), name) => {
                if (a.n_in, a.n_out) != (b.n_in, b.n_out) {
                    return Err(self.invalid(format!(
                        "{name}: expected two transforms with as many inputs and outputs, found {} -> {} and {} -> {}",
                        a.n_in, a.n_out, b.n_in, b.n_out
                    )));
                }
                let (n_in, n_out) = (a.n_in, a.n_out);
                Model::new(Kind::Arithmetic(operation, a, b), n_in, n_out)
            }
        })
    }

    fn pair(&mut self, node: &Node) -> Result<(Arc<Model>, Arc<Model>)> {
        let forward = self.child(node, "forward")?;
        let Some([a, b]) = forward.as_seq() else {
            return Err(
                self.invalid(format!("forward: expected two transforms, found {}", forward.describe()))
            );
        };
        let a = self.at("forward.0", |r| r.transform(a))?;
        let b = self.at("forward.1", |r| r.transform(b))?;
        Ok((a, b))
    }

    fn fix_inputs(&mut self, node: &Node) -> Result<Model> {
        let forward = self.child(node, "forward")?;
        let Some([inner, right]) = forward.as_seq() else {
            return Err(self.invalid("forward: expected a transform and the inputs that are fixed"));
        };
        let names = input_names(inner);
        let inner = self.at("forward.0", |r| r.transform(inner))?;
        let keys = self.child(right, "keys")?.as_seq().unwrap_or_default();
        let values = self.child(right, "values")?.as_seq().unwrap_or_default();
        if keys.len() != values.len() {
            return Err(self.invalid(format!("{} keys, but {} values", keys.len(), values.len())));
        }
        let mut fixed: Vec<(usize, f64)> = Vec::new();
        for (key, value) in keys.iter().zip(values) {
            let index = match key.as_str() {
                Some(name) => input_index(&names, name, inner.n_in),
                None => key.as_usize(),
            };
            let index = index
                .filter(|i| *i < inner.n_in && !fixed.iter().any(|f| f.0 == *i))
                .ok_or_else(|| self.invalid(format!("no input {} to fix", key.describe())))?;
            let value = value.to_f64().map_err(|e| self.invalid(e.to_string()))?;
            fixed.push((index, value));
        }
        let (n_in, n_out) = (inner.n_in.saturating_sub(fixed.len()), inner.n_out);
        Ok(Model::new(Kind::Fix(inner, fixed), n_in, n_out))
    }

    fn label_mapper(&mut self, node: &Node) -> Result<Model> {
        let mapping = match Self::optional(node, "inputs_mapping") {
            Some(m) => match self.at("inputs_mapping", |r| r.transform(m))?.kind.clone() {
                Kind::Remap(m) => Some(m),
                _ => return Err(self.invalid("inputs_mapping: expected remap_axes")),
            },
            None => None,
        };
        let n_in = match node.get("inputs").and_then(Node::as_seq) {
            Some(s) => s.len(),
            None => 2,
        };
        let mapper = self.child(node, "mapper")?;
        let given = Self::optional(node, "no_label").and_then(|n| n.to_f64().ok());
        let (labels, none) = if mapper.as_array().is_some() || mapper.as_seq().is_some() {
            let (shape, values) = self.array(mapper, "mapper")?;
            let [ny, nx] = shape[..] else {
                return Err(self.invalid(format!("mapper: expected an image, found shape {shape:?}")));
            };
            (Labels::Array { shape: (ny, nx), values: Arc::new(values) }, 0.0)
        } else if mapper.tag().is_some() {
            let model = self.at("mapper", |r| r.transform(mapper))?;
            (Labels::Model(model), given.unwrap_or(f64::NAN))
        } else {
            self.label_lists(node, mapper)?
        };
        Ok(Model::new(Kind::Labels { inputs: mapping, labels, none }, n_in, 1))
    }

    fn label_lists(&mut self, node: &Node, mapper: &Node) -> Result<(Labels, f64)> {
        let keys = self.child(mapper, "labels")?.as_seq().unwrap_or_default();
        let transforms = self.child(mapper, "models")?.as_seq().unwrap_or_default();
        if keys.len() != transforms.len() || keys.is_empty() {
            return Err(self.invalid(format!("{} labels, but {} models", keys.len(), transforms.len())));
        }
        let mut models = Vec::new();
        for (i, t) in transforms.iter().enumerate() {
            models.push(self.at(format!("mapper.models.{i}"), |r| r.transform(t))?);
        }
        if keys[0].as_seq().is_some() {
            let mut ranges = Vec::new();
            for k in keys {
                let (_, v) = self.array(k, "labels")?;
                let [low, high] = v[..] else { return Err(self.invalid("labels: expected pairs of limits")) };
                ranges.push((low, high));
            }
            return Ok((Labels::Ranges { ranges, models }, 0.0));
        }
        let keys = keys.iter().map(|k| self.label(k)).collect::<Result<_>>()?;
        let tolerance = Self::optional(node, "atol").and_then(|n| n.to_f64().ok()).unwrap_or(1e-8);
        Ok((Labels::Keys { keys, models, tolerance }, 0.0))
    }

    fn regions_selector(&mut self, node: &Node) -> Result<Model> {
        let mapper = self.child(node, "label_mapper")?;
        let mapper = self.at("label_mapper", |r| r.transform(mapper))?;
        let selector = self.child(node, "selector")?;
        let keys = self.child(selector, "labels")?.as_seq().unwrap_or_default();
        let transforms = self.child(selector, "transforms")?.as_seq().unwrap_or_default();
        if keys.len() != transforms.len() || keys.is_empty() {
            return Err(self.invalid(format!("{} labels, but {} transforms", keys.len(), transforms.len())));
        }
        let labels = keys.iter().map(|k| self.label(k)).collect::<Result<Vec<_>>>()?;
        let mut models: Vec<Arc<Model>> = Vec::new();
        for (i, t) in transforms.iter().enumerate() {
            models.push(self.at(format!("selector.transforms.{i}"), |r| r.transform(t))?);
        }
        let (n_in, n_out) = (models[0].n_in, models[0].n_out);
        if models.iter().any(|m| (m.n_in, m.n_out) != (n_in, n_out)) || mapper.n_in != n_in {
            return Err(self.invalid("the transforms of a regions_selector differ in inputs or outputs"));
        }
        let undefined = Self::optional(node, "undefined_transform_value")
            .and_then(|n| n.to_f64().ok())
            .unwrap_or(f64::NAN);
        let none = match &mapper.kind {
            Kind::Labels { none, .. } => *none,
            _ => f64::NAN,
        };
        Ok(Model::new(Kind::Regions { mapper, labels, models, none, undefined }, n_in, n_out))
    }
}

/// The names of a transform's inputs, as far as the file gives them.
pub(crate) fn input_names(node: &Node) -> Vec<String> {
    node.get("inputs")
        .and_then(Node::as_seq)
        .map(|s| s.iter().filter_map(|n| n.as_str().map(str::to_owned)).collect())
        .unwrap_or_default()
}

/// Which input has a name; without names `x0`, `x1`, or `x`, `y`, `z`.
pub(crate) fn input_index(names: &[String], name: &str, n: usize) -> Option<usize> {
    if !names.is_empty() {
        return names.iter().position(|i| i == name);
    }
    let index = match name {
        "x" => 0,
        "y" => 1,
        "z" => 2,
        _ => name.strip_prefix('x')?.parse().ok()?,
    };
    (index < n).then_some(index)
}
