//! The world coordinate system of a transform graph.

use std::sync::Arc;

use skyphot_core::tree::Node;
use skyphot_core::{Point, SkyCoord, SkyTransform};

use super::bounds::PixelBounds;
use super::compile::{Units, compile};
use super::frame::GwcsFrame;
use super::invert::{Cone, Start};
use super::model::{Kind, Model, Wrap};
use super::parse::Reader;
use crate::kernel::program::Program;
use crate::{ProjectionCode, Result, SkyFrame, WcsError};

/// A generalised world coordinate system: a graph of transforms from detector pixels to the sky, as Roman and JWST
/// files hold it.
///
/// Immutable, `Send` and `Sync`. Pixels are 0-based, positions in degrees with longitudes in `[0, 360)`. Where the graph
/// has a bounding box, pixels outside it have no sky and positions outside it no pixel.
///
/// ```
/// use skyphot_core::tree::Node;
/// use skyphot_core::{Exec, Point};
/// use skyphot_wcs::Gwcs;
/// let tag = |n: Node, t: &str| n.with_tag(format!("tag:stsci.edu:{t}-1.2.0"));
/// let scale = || tag(Node::mapping([("factor", Node::from(1e-4))]), "asdf/transform/scale");
/// let pair = |a, b, t: &str| tag(Node::mapping([("forward", Node::sequence([a, b]))]), t);
/// let project = tag(Node::mapping([("direction", Node::from("pix2sky"))]), "asdf/transform/gnomonic");
/// let angles = [("phi", 5.0), ("theta", -30.0), ("psi", 180.0)].map(|(k, v)| (k, Node::from(v)));
/// let direction = ("direction", Node::from("native2celestial"));
/// let rotate = tag(Node::mapping(angles.into_iter().chain([direction])), "asdf/transform/rotate3d");
/// let plane = pair(scale(), scale(), "asdf/transform/concatenate");
/// let sky = pair(project, rotate, "asdf/transform/compose");
/// let transform = pair(plane, sky, "asdf/transform/compose");
/// let world = tag(Node::mapping([("name", Node::from("world"))]), "gwcs/celestial_frame");
/// let steps = Node::sequence([
///     Node::mapping([("frame", Node::from("detector")), ("transform", transform)]),
///     Node::mapping([("frame", world), ("transform", Node::null())]),
/// ]);
/// let wcs = Gwcs::from_tree(&Node::mapping([("steps", steps)]))?;
/// let sky = wcs.all_pix2world(&[Point::new(0.0, 0.0)], &Exec::serial());
/// assert!((sky.sky[0].lon - 5.0).abs() < 1e-12 && (sky.sky[0].lat + 30.0).abs() < 1e-12);
/// # Ok::<(), skyphot_wcs::WcsError>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "WCS")]
#[doc(alias = "gwcs")]
pub struct Gwcs {
    name: String,
    frames: Vec<GwcsFrame>,
    steps: Vec<Arc<Model>>,
    pub(crate) bounds: Option<PixelBounds>,
    shape: Option<(usize, usize)>,
    /// The whole way to all axes of the last frame.
    pub(crate) forward: Program,
    /// Outputs of longitude and latitude, and degrees per unit of each.
    pub(crate) celestial: [usize; 2],
    pub(crate) degrees: [f64; 2],
    /// To a unit vector.
    pub(crate) vector: Program,
    /// From longitude and latitude in their units to x, y and a unit vector.
    pub(crate) backward: Option<Program>,
    no_inverse: String,
    pub(crate) start: Option<Start>,
    pub(crate) cone: Option<Cone>,
    projection: Option<ProjectionCode>,
}

impl Gwcs {
    /// The system of a `gwcs/wcs` node: steps of frames and transforms.
    ///
    /// # Errors
    /// [`WcsError::UnknownTransform`] for a tag nobody knows, with its place, [`WcsError::InvalidTransform`] for a
    /// parameter that cannot be used, [`WcsError::GraphTooLarge`] for graphs beyond any reason,
    /// [`WcsError::NotImaging`] if the graph does not lead from two pixel axes to the sky.
    pub fn from_tree(node: &Node) -> Result<Self> {
        let mut r = Reader::default();
        let list = r.child(node, "steps")?.clone();
        let list = list
            .as_seq()
            .filter(|s| s.len() >= 2 && s.len() <= 100)
            .ok_or_else(|| r.invalid("steps: expected a list of 2 to 100 steps"))?;
        let (mut frames, mut steps, mut bounds) = (Vec::new(), Vec::new(), None);
        for (i, step) in list.iter().enumerate() {
            let frame = r.at(format!("steps.{i}.frame"), |r| GwcsFrame::read(r, r.child(step, "frame")?))?;
            frames.push(frame);
            let transform = Reader::optional(step, "transform");
            let last = i + 1 == list.len();
            match transform {
                None if last => {}
                Some(t) if !last => {
                    let model = r.at(format!("steps.{i}.transform"), |r| {
                        let model = r.transform(t)?;
                        if i == 0 && model.n_in == 2 {
                            bounds = PixelBounds::read(r, t)?;
                        }
                        Ok(model)
                    })?;
                    steps.push(model);
                }
                _ => {
                    let expected = if last { "no transform in the last step" } else { "a transform" };
                    return Err(r
                        .at(format!("steps.{i}"), |r| Err::<(), _>(r.invalid(format!("expected {expected}"))))
                        .err()
                        .unwrap_or(WcsError::NoBoundingBox));
                }
            }
        }
        let shape = Reader::optional(node, "pixel_shape").and_then(Node::as_seq).and_then(|s| match s {
            [nx, ny] => Some((ny.as_usize()?, nx.as_usize()?)),
            _ => None,
        });
        let name = node.get("name").and_then(Node::as_str).unwrap_or_default().to_owned();
        Self::assemble(name, frames, steps, bounds, shape)
    }

    fn assemble(
        name: String,
        frames: Vec<GwcsFrame>,
        steps: Vec<Arc<Model>>,
        bounds: Option<PixelBounds>,
        shape: Option<(usize, usize)>,
    ) -> Result<Self> {
        let total = chain(&steps)?;
        let Some(last) = frames.last() else { return Err(WcsError::NotImaging("no frames".to_owned())) };
        if total.n_in != 2 {
            return Err(WcsError::NotImaging(format!("{} pixel axes", total.n_in)));
        }
        // A frame that is only a name says nothing about its axes.
        let bare = last.units.is_empty() && !last.is_celestial() && total.n_out == 2;
        let celestial = match last.celestial {
            Some(c) => c,
            None if bare => [0, 1],
            None => return Err(WcsError::NotImaging(format!("the frame '{}' at its end", last.name()))),
        };
        if celestial.iter().any(|c| *c >= total.n_out) {
            return Err(WcsError::NotImaging(format!(
                "{} outputs for the celestial axes {celestial:?}",
                total.n_out
            )));
        }
        let with_units = total.uses_units();
        let pad =
            |f: &GwcsFrame, n: usize| (0..n).map(|i| f.units.get(i).copied().flatten()).collect::<Vec<_>>();
        let (input, output) = (pad(&frames[0], 2), pad(last, total.n_out));
        let degrees = celestial.map(|c| match output[c] {
            Some(u) if u.is_angle() => u.scale,
            _ => 1.0,
        });
        let units = |input, output| with_units.then_some(Units { input, output });
        let forward = compile(&total, units(&input, &output))?;
        let to_vector = Model::new(
            Kind::Compose(
                Arc::new(Model::new(Kind::Remap(celestial.to_vec()), total.n_out, 2)),
                Arc::new(Model::new(
                    Kind::Compose(
                        Arc::new(Model::new(
                            Kind::Affine {
                                matrix: if with_units {
                                    [[1.0, 0.0], [0.0, 1.0]]
                                } else {
                                    [[degrees[0], 0.0], [0.0, degrees[1]]]
                                },
                                offset: [0.0; 2],
                            },
                            2,
                            2,
                        )),
                        Arc::new(Model::new(Kind::SphericalToCartesian(Wrap::Full), 2, 3)),
                    ),
                    2,
                    3,
                )),
            ),
            total.n_out,
            3,
        );
        let whole = Model::new(Kind::Compose(Arc::clone(&total), Arc::new(to_vector)), 2, 3);
        let vector = compile(&whole, units(&input, &[]))?;
        let projection = total.first_projection();
        let (backward, no_inverse) = if total.n_out == 2 {
            match total.inverted() {
                Ok(inverse) if (inverse.n_in, inverse.n_out) != (2, 2) => {
                    (None, format!("{} inputs and {} outputs", inverse.n_in, inverse.n_out))
                }
                Ok(inverse) => {
                    // From longitude and latitude, in whatever order the graph has them.
                    let order = if celestial == [0, 1] { vec![0, 1] } else { vec![1, 0] };
                    let two = |kind| Arc::new(Model::new(kind, 2, 2));
                    let compose = |a: Arc<Model>, b: Arc<Model>| {
                        let (n_in, n_out) = (a.n_in, b.n_out);
                        Arc::new(Model::new(Kind::Compose(a, b), n_in, n_out))
                    };
                    let back = compose(two(Kind::Remap(order)), inverse);
                    // The direction comes along: most inverses begin with it.
                    let scale = if with_units { [1.0; 2] } else { degrees };
                    let matrix = [[scale[0], 0.0], [0.0, scale[1]]];
                    let vector = compose(
                        two(Kind::Affine { matrix, offset: [0.0; 2] }),
                        Arc::new(Model::new(Kind::SphericalToCartesian(Wrap::Full), 2, 3)),
                    );
                    let both = Arc::new(Model::new(Kind::Concatenate(back, vector), 4, 5));
                    let sorted = compose(Arc::new(Model::new(Kind::Remap(vec![0, 1, 0, 1]), 2, 4)), both);
                    let world = celestial.map(|c| output[c]);
                    (Some(compile(&sorted, units(&world, &input))?), String::new())
                }
                Err(part) => (None, part.to_owned()),
            }
        } else {
            (None, format!("{} outputs", total.n_out))
        };
        let mut out = Self {
            name,
            frames,
            steps,
            bounds,
            shape,
            forward,
            celestial,
            degrees,
            vector,
            backward,
            no_inverse,
            start: None,
            cone: None,
            projection,
        };
        out.prepare();
        Ok(out)
    }

    /// What the inverse needs and what depends on the bounding box.
    fn prepare(&mut self) {
        let centre = match self.bounds.filter(PixelBounds::is_finite) {
            Some(b) => b.center(),
            None => self.shape.map_or(Point::new(0.0, 0.0), |(ny, nx)| {
                Point::new(0.5 * (nx as f64 - 1.0), 0.5 * (ny as f64 - 1.0))
            }),
        };
        self.start = Start::new(self, centre);
        self.cone = self.bounds.and_then(|b| Cone::new(self, &b));
    }

    /// Sets or (with `None`) removes the bounding box.
    #[must_use]
    pub fn with_bounding_box(mut self, bounds: Option<PixelBounds>) -> Self {
        self.bounds = bounds;
        self.prepare();
        self
    }

    /// Sets the size of the image, `(ny, nx)`.
    #[must_use]
    pub fn with_shape(mut self, shape: (usize, usize)) -> Self {
        self.shape = Some(shape);
        self.prepare();
        self
    }

    /// The name of the system, often empty.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The frames from the detector to the sky.
    #[must_use]
    #[doc(alias = "available_frames")]
    pub fn frames(&self) -> &[GwcsFrame] {
        &self.frames
    }

    /// The frame of the positions, `None` if it is not one this crate can convert.
    #[must_use]
    #[doc(alias = "output_frame")]
    pub fn frame(&self) -> Option<SkyFrame> {
        self.frames.last().and_then(GwcsFrame::sky_frame)
    }

    /// The bounding box.
    #[must_use]
    pub fn bounding_box(&self) -> Option<PixelBounds> {
        self.bounds
    }

    /// Size of the image `(ny, nx)`, if the graph says so (`pixel_shape`).
    #[must_use]
    #[doc(alias = "pixel_shape")]
    #[doc(alias = "array_shape")]
    pub fn shape(&self) -> Option<(usize, usize)> {
        self.shape
    }

    /// The first projection in the graph.
    #[must_use]
    pub fn projection(&self) -> Option<ProjectionCode> {
        self.projection
    }

    /// The graph has an inverse of its own; otherwise positions are inverted by iteration.
    #[must_use]
    pub fn has_inverse(&self) -> bool {
        self.backward.is_some()
    }

    /// The part of the graph that has no inverse, such as `polynomial`; `None` if there is no such part.
    #[must_use]
    pub fn missing_inverse(&self) -> Option<&str> {
        if self.backward.is_some() { None } else { Some(&self.no_inverse) }
    }

    /// Any transform between two frames: one column of numbers per axis in, one per axis out. Backwards it uses the
    /// inverses of the graph. Bounding boxes are not applied; numbers are as the graph has them, without units.
    ///
    /// # Errors
    /// [`WcsError::UnknownFrame`], [`WcsError::LengthMismatch`] for the wrong number of columns or columns of different
    /// lengths, [`WcsError::NoInverse`] if the way back is not known.
    #[doc(alias = "get_transform")]
    pub fn transform(&self, from: &str, to: &str, columns: &[&[f64]]) -> Result<Vec<Vec<f64>>> {
        let index = |name: &str| {
            self.frames.iter().position(|f| f.name() == name).ok_or_else(|| WcsError::UnknownFrame {
                name: name.to_owned(),
                available: self.frames.iter().map(|f| f.name().to_owned()).collect(),
            })
        };
        let (a, b) = (index(from)?, index(to)?);
        let check = |expected: usize| match columns.iter().find(|c| c.len() != columns[0].len()) {
            _ if columns.len() != expected => {
                Err(WcsError::LengthMismatch { what: "columns", expected, found: columns.len() })
            }
            Some(c) => {
                Err(WcsError::LengthMismatch { what: "column", expected: columns[0].len(), found: c.len() })
            }
            None => Ok(()),
        };
        if a == b {
            return Ok(columns.iter().map(|c| c.to_vec()).collect());
        }
        let part = chain(&self.steps[a.min(b)..a.max(b)])?;
        let model =
            if a < b { part } else { part.inverted().map_err(|p| WcsError::NoInverse(p.to_owned()))? };
        check(model.n_in)?;
        Ok(compile(&model, None)?.evaluate(columns))
    }
}

/// All steps one after the other.
fn chain(steps: &[Arc<Model>]) -> Result<Arc<Model>> {
    let mut steps = steps.iter().cloned();
    let first = steps.next().ok_or_else(|| WcsError::NotImaging("no transforms".to_owned()))?;
    steps.try_fold(first, |a, b| {
        if a.n_out != b.n_in {
            return Err(WcsError::LengthMismatch {
                what: "inputs of a step",
                expected: a.n_out,
                found: b.n_in,
            });
        }
        let (n_in, n_out) = (a.n_in, b.n_out);
        Ok(Arc::new(Model::new(Kind::Compose(a, b), n_in, n_out)))
    })
}

impl SkyTransform for Gwcs {
    fn pixel_to_sky(&self, p: Point) -> Option<SkyCoord> {
        self.sky_of(p, true).ok()
    }

    fn sky_to_pixel(&self, s: SkyCoord) -> Option<Point> {
        self.pixel_of(s, true).ok()
    }

    fn pixels_to_sky(&self, points: &[Point], sky: &mut [SkyCoord]) {
        let n = points.len().min(sky.len());
        let mut status = vec![crate::PointStatus::Ok; n];
        self.evaluate_into(&points[..n], true, &mut sky[..n], &mut status);
    }

    fn sky_to_pixels(&self, sky: &[SkyCoord], points: &mut [Point]) {
        let n = points.len().min(sky.len());
        let mut status = vec![crate::PointStatus::Ok; n];
        self.invert_into(&sky[..n], true, &mut points[..n], &mut status);
    }
}
