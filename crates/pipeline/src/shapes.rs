//! Apertures as a user names them: fixed sizes in pixels or on the sky, or sizes from the columns of a catalogue.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use skyphot_aperture::{
    CircularAnnulus, CircularAperture, EllipticalAnnulus, EllipticalAperture, PixelShape,
    RectangularAperture, SkyAperture, SkyCircularAnnulus, SkyCircularAperture, SkyEllipticalAnnulus,
    SkyEllipticalAperture, SkyRectangularAperture, SkyShape,
};
use skyphot_core::{Point, SkyTransform, Table};
use skyphot_wcs::sky::SkyFrame;

use crate::{Length, PipelineError, Result, SkyMap};

/// A size or angle: a fixed one, or a column of the catalogue, perhaps times a factor (`3*semimajor_axis`).
#[derive(Debug, Clone, PartialEq)]
pub enum Quantity {
    /// The same for all sources.
    Fixed(Length),
    /// Each source has its own.
    Column {
        /// The column is multiplied by this.
        factor: f64,
        /// Name of the column.
        name: String,
    },
}

impl FromStr for Quantity {
    type Err = PipelineError;

    fn from_str(s: &str) -> Result<Self> {
        let t = s.trim();
        let (factor, name) = match t.split_once('*') {
            Some((f, name)) => (f.trim().parse::<f64>().ok().filter(|f| f.is_finite()), name.trim()),
            None => (Some(1.0), t),
        };
        match (factor, t.parse::<Length>()) {
            (_, Ok(length)) => Ok(Self::Fixed(length)),
            (Some(factor), Err(_)) if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') => {
                Ok(Self::Column { factor, name: name.to_owned() })
            }
            _ => Err(PipelineError::value(
                "size",
                s,
                "a number of pixels (3, 3px), an angle (0.5arcsec), or a column of the positions (a, 3*a)",
            )),
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(l) => write!(f, "{l}"),
            Self::Column { factor, name } if *factor == 1.0 => f.write_str(name),
            Self::Column { factor, name } => write!(f, "{factor}*{name}"),
        }
    }
}

/// The kinds of shapes a user names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ShapeKind {
    /// `r`.
    Circle,
    /// `a,b,theta`.
    Ellipse,
    /// `w,h,theta`.
    Rectangle,
    /// `r_in,r_out`.
    CircularAnnulus,
    /// `a_in,a_out,b_out,theta`; the inner ellipse is similar to the outer one.
    EllipticalAnnulus,
}

impl ShapeKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::Ellipse => "ellipse",
            Self::Rectangle => "rectangle",
            Self::CircularAnnulus | Self::EllipticalAnnulus => "annulus",
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Circle => "a radius > 0",
            Self::Ellipse => "a,b,theta with a, b > 0 and theta in degrees",
            Self::Rectangle => "w,h,theta with w, h > 0 and theta in degrees",
            Self::CircularAnnulus | Self::EllipticalAnnulus => {
                "inner,outer with 0 < inner < outer, or a_in,a_out,b_out,theta with theta in degrees"
            }
        }
    }

    /// The last parameter is an angle.
    const fn has_angle(self) -> bool {
        !matches!(self, Self::Circle | Self::CircularAnnulus)
    }
}

/// A shape as typed. Angles are degrees: counter-clockwise from +x for shapes in pixels, position angles (north towards
/// east, ICRS) for shapes on the sky.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapeSpec {
    kind: ShapeKind,
    parameters: Vec<Quantity>,
}

impl fmt::Display for ShapeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.parameters.iter().map(Quantity::to_string).collect::<Vec<_>>().join(","))
    }
}

impl Serialize for ShapeSpec {
    fn serialize<S: Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        s.serialize_str(&format!("{} {self}", self.kind.name()))
    }
}

impl ShapeSpec {
    /// Circles of a list of radii: `3,5`, `0.5arcsec`, `2*fwhm`.
    ///
    /// # Errors
    /// [`PipelineError::Value`].
    pub fn circles(text: &str) -> Result<Vec<Self>> {
        text.split(',').map(|t| Ok(Self { kind: ShapeKind::Circle, parameters: vec![t.parse()?] })).collect()
    }

    /// An ellipse `a,b,theta`.
    ///
    /// # Errors
    /// [`PipelineError::Value`].
    pub fn ellipse(text: &str) -> Result<Self> {
        Self::of(text, ShapeKind::Ellipse, 3)
    }

    /// A rectangle `w,h,theta`.
    ///
    /// # Errors
    /// [`PipelineError::Value`].
    pub fn rectangle(text: &str) -> Result<Self> {
        Self::of(text, ShapeKind::Rectangle, 3)
    }

    /// An annulus `inner,outer`, or an elliptical one `a_in,a_out,b_out,theta`.
    ///
    /// # Errors
    /// [`PipelineError::Value`].
    pub fn annulus(text: &str) -> Result<Self> {
        if text.split(',').count() == 4 {
            Self::of(text, ShapeKind::EllipticalAnnulus, 4)
        } else {
            Self::of(text, ShapeKind::CircularAnnulus, 2)
        }
    }

    fn of(text: &str, kind: ShapeKind, n: usize) -> Result<Self> {
        let parameters = text.split(',').map(Quantity::from_str).collect::<Result<Vec<_>>>()?;
        if parameters.len() != n {
            return Err(PipelineError::value(kind.name(), text, kind.expected()));
        }
        Ok(Self { kind, parameters })
    }

    /// The kind of the shape.
    #[must_use]
    pub fn kind(&self) -> ShapeKind {
        self.kind
    }

    /// The shape at every source, in pixels.
    ///
    /// # Errors
    /// [`PipelineError::Value`] for fixed sizes that make no shape, for pixels mixed with angles, for columns without a
    /// catalogue, and for sizes on the sky without a map; a column that is missing or not numbers.
    pub fn resolve(&self, sources: &Sources<'_>) -> Result<Shapes> {
        let bad = || PipelineError::value(self.kind.name(), self.to_string(), self.kind.expected());
        let lengths = self.parameters.len() - usize::from(self.kind.has_angle());
        let mut columns = Vec::with_capacity(self.parameters.len());
        let mut on_sky = None;
        for (k, q) in self.parameters.iter().enumerate() {
            let (values, sky) = if k < lengths { sources.lengths(q)? } else { (sources.angles(q)?, false) };
            if k < lengths && on_sky.replace(sky).is_some_and(|s| s != sky) {
                return Err(PipelineError::value(
                    self.kind.name(),
                    self.to_string(),
                    "all in pixels or all on the sky",
                ));
            }
            columns.push(values);
        }
        let fixed: Option<Vec<f64>> = columns.iter().map(Values::fixed).collect();
        let map = if on_sky == Some(true) {
            let map = sources.sky.ok_or_else(|| {
                PipelineError::value(
                    self.kind.name(),
                    self.to_string(),
                    "possible here: sizes on the sky need an image with a celestial WCS",
                )
            })?;
            Some(map.in_frame(SkyFrame::Icrs))
        } else {
            None
        };
        match (&map, fixed) {
            (None, Some(p)) => Ok(Shapes::Same(Box::new(self.pixel(&p).ok_or_else(bad)?))),
            (None, None) => Ok(Shapes::Each(
                (0..sources.positions.len())
                    .map(|i| self.pixel(&columns.iter().map(|c| c.at(i)).collect::<Vec<_>>()))
                    .collect(),
            )),
            (Some(map), fixed) => {
                let same = fixed.map(|p| self.sky(&p).ok_or_else(bad)).transpose()?;
                let shape_at = |i: usize, p: &Point| {
                    let own = match &same {
                        Some(s) => s.clone(),
                        None => self.sky(&columns.iter().map(|c| c.at(i)).collect::<Vec<_>>())?,
                    };
                    let at = map.pixel_to_sky(*p)?;
                    own.to_pixel(map, at).ok().map(|(_, shape)| shape)
                };
                Ok(Shapes::Each(sources.positions.iter().enumerate().map(|(i, p)| shape_at(i, p)).collect()))
            }
        }
    }

    fn pixel(&self, p: &[f64]) -> Option<PixelShape> {
        Some(match (self.kind, p) {
            (ShapeKind::Circle, &[r]) => CircularAperture::new(r).ok()?.into(),
            (ShapeKind::Ellipse, &[a, b, t]) => EllipticalAperture::new(a, b, t.to_radians()).ok()?.into(),
            (ShapeKind::Rectangle, &[w, h, t]) => RectangularAperture::new(w, h, t.to_radians()).ok()?.into(),
            (ShapeKind::CircularAnnulus, &[i, o]) => CircularAnnulus::new(i, o).ok()?.into(),
            (ShapeKind::EllipticalAnnulus, &[i, o, b, t]) => {
                EllipticalAnnulus::scaled(i, o, b, t.to_radians()).ok()?.into()
            }
            _ => return None,
        })
    }

    fn sky(&self, p: &[f64]) -> Option<SkyShape> {
        Some(match (self.kind, p) {
            (ShapeKind::Circle, &[r]) => SkyCircularAperture::new(r).ok()?.into(),
            (ShapeKind::Ellipse, &[a, b, t]) => SkyEllipticalAperture::new(a, b, t.to_radians()).ok()?.into(),
            (ShapeKind::Rectangle, &[w, h, t]) => {
                SkyRectangularAperture::new(w, h, t.to_radians()).ok()?.into()
            }
            (ShapeKind::CircularAnnulus, &[i, o]) => SkyCircularAnnulus::new(i, o).ok()?.into(),
            (ShapeKind::EllipticalAnnulus, &[i, o, b, t]) => {
                SkyEllipticalAnnulus::scaled(i, o, b, t.to_radians()).ok()?.into()
            }
            _ => return None,
        })
    }
}

/// Where shapes are to be put, and what is known about the places.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    /// Positions, pixels.
    pub positions: &'a [Point],
    /// The catalogue they are from, one row for each.
    pub table: Option<&'a Table>,
    /// The sky of the image.
    pub sky: Option<&'a SkyMap>,
}

/// One value for all sources, or one for each.
enum Values {
    Fixed(f64),
    Each(Vec<f64>),
}

impl Values {
    fn fixed(&self) -> Option<f64> {
        match self {
            Self::Fixed(v) => Some(*v),
            Self::Each(_) => None,
        }
    }

    fn at(&self, i: usize) -> f64 {
        match self {
            Self::Fixed(v) => *v,
            Self::Each(v) => v.get(i).copied().unwrap_or(f64::NAN),
        }
    }
}

impl Sources<'_> {
    /// Values of a column and its unit.
    fn column(&self, name: &str, factor: f64) -> Result<(Vec<f64>, Option<String>)> {
        let Some(table) = self.table else {
            return Err(PipelineError::value(
                "size",
                name,
                "a number, and a column can only be named where the positions are a catalogue",
            ));
        };
        let unit = table.column(name)?.unit.clone();
        Ok((table.f64(name)?.iter().map(|v| v * factor).collect(), unit))
    }

    /// Pixels, or arcseconds and `true`.
    fn lengths(&self, q: &Quantity) -> Result<(Values, bool)> {
        match q {
            Quantity::Fixed(l) => Ok((Values::Fixed(l.value()), l.is_sky())),
            Quantity::Column { factor, name } => {
                let (values, unit) = self.column(name, *factor)?;
                let worth = match unit.as_deref() {
                    Some("arcsec") => Some(1.0),
                    Some("arcmin") => Some(60.0),
                    Some("deg") => Some(3600.0),
                    Some("mas") => Some(1e-3),
                    _ => None,
                };
                let scale = worth.unwrap_or(1.0);
                Ok((Values::Each(values.into_iter().map(|v| v * scale).collect()), worth.is_some()))
            }
        }
    }

    /// Degrees.
    fn angles(&self, q: &Quantity) -> Result<Values> {
        match q {
            Quantity::Fixed(Length::Pixels(v)) => Ok(Values::Fixed(*v)),
            Quantity::Fixed(Length::Arcsec(v)) => Ok(Values::Fixed(v / 3600.0)),
            Quantity::Column { factor, name } => {
                let (values, unit) = self.column(name, *factor)?;
                let radians = unit.as_deref() == Some("rad");
                Ok(Values::Each(
                    values.into_iter().map(|v| if radians { v.to_degrees() } else { v }).collect(),
                ))
            }
        }
    }

    /// One value per source: a number, or a column. In the unit of the data.
    ///
    /// # Errors
    /// [`PipelineError::Value`] for text that is neither; a column that is missing or not numbers.
    pub fn values(&self, text: &str) -> Result<Vec<f64>> {
        if let Ok(v) = text.trim().parse::<f64>() {
            return Ok(vec![v; self.positions.len()]);
        }
        match text.parse::<Quantity>() {
            Ok(Quantity::Column { factor, name }) => Ok(self.column(&name, factor)?.0),
            _ => Err(PipelineError::value("local background", text, "a number or a column of the positions")),
        }
    }
}

/// A shape for every source.
#[derive(Debug, Clone, PartialEq)]
pub enum Shapes {
    /// The same for all.
    Same(Box<PixelShape>),
    /// One for each; `None` where its numbers make no shape.
    Each(Vec<Option<PixelShape>>),
}

impl Shapes {
    /// The shape of one source.
    #[must_use]
    pub fn at(&self, i: usize) -> Option<&PixelShape> {
        match self {
            Self::Same(s) => Some(s),
            Self::Each(v) => v.get(i).and_then(Option::as_ref),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use skyphot_aperture::Aperture;
    use skyphot_core::{Column, SkyCoord};
    use skyphot_wcs::{ProjectionCode, Wcs};

    fn places() -> Vec<Point> {
        vec![Point::new(10.0, 10.0), Point::new(60.0, 20.0)]
    }

    #[test]
    fn fixed_sizes_and_columns() {
        let positions = places();
        let table = Table::from_columns([
            Column::new("a", vec![3.0, f64::NAN]),
            Column::new("b", vec![1.0, 1.0]),
            Column::new("theta", vec![std::f64::consts::FRAC_PI_2, 0.0]).with_unit("rad"),
            Column::new("name", vec!["x".to_owned(), "y".to_owned()]),
        ])
        .unwrap();
        let s = Sources { positions: &positions, table: Some(&table), sky: None };
        let circles = ShapeSpec::circles("3,5px").unwrap();
        assert!(matches!(circles[1].resolve(&s).unwrap().at(0), Some(PixelShape::Circle(c)) if c.r() == 5.0));
        let e = ShapeSpec::ellipse("2*a,b,theta").unwrap();
        assert_eq!(e.to_string(), "2*a,b,theta");
        let shapes = e.resolve(&s).unwrap();
        let Some(PixelShape::Ellipse(e)) = shapes.at(0) else { panic!("{shapes:?}") };
        assert_eq!((e.a(), e.b(), e.theta()), (6.0, 1.0, std::f64::consts::FRAC_PI_2));
        assert!(shapes.at(1).is_none());
        for (spec, what) in [
            (ShapeSpec::ellipse("3,0,0"), "a, b > 0"),
            (ShapeSpec::ellipse("3,2"), "a,b,theta"),
            (ShapeSpec::annulus("5,3"), "inner < outer"),
            (ShapeSpec::rectangle("c,2,0"), "no column 'c'"),
            (ShapeSpec::rectangle("name,2,0"), "name"),
            (ShapeSpec::ellipse("3,1arcsec,0"), "all in pixels or all on the sky"),
            (ShapeSpec::rectangle("3arcsec,1arcsec,0"), "celestial WCS"),
            (ShapeSpec::rectangle("3,$,0"), "a number of pixels"),
        ] {
            let e = spec.and_then(|spec| spec.resolve(&s)).unwrap_err().to_string();
            assert!(e.contains(what), "{e}");
        }
        let alone = Sources { table: None, ..s };
        assert!(
            ShapeSpec::circles("fwhm").unwrap()[0]
                .resolve(&alone)
                .unwrap_err()
                .to_string()
                .contains("catalogue")
        );
        assert_eq!(s.values("2*a").unwrap()[0], 6.0);
        assert_eq!(s.values("-1.5").unwrap(), [-1.5, -1.5]);
        assert!(s.values("1px").is_err());
    }

    #[test]
    fn sizes_on_the_sky() {
        let positions = places();
        let at = SkyCoord { lon: 202.48, lat: 47.2 };
        let cd = [[-1e-4, 0.0], [0.0, 1e-4]];
        let wcs = Wcs::new(ProjectionCode::Tan, at, [50.0, 50.0], cd).unwrap();
        let sky = SkyMap::new(Arc::new(wcs), SkyFrame::Icrs);
        let s = Sources { positions: &positions, table: None, sky: Some(&sky) };
        let shapes = ShapeSpec::circles("0.72arcsec").unwrap()[0].resolve(&s).unwrap();
        let Some(PixelShape::Circle(c)) = shapes.at(1) else { panic!("{shapes:?}") };
        assert!((c.r() - 2.0).abs() < 1e-6, "{}", c.r());
        let shapes = ShapeSpec::ellipse("3.6arcsec,1.8arcsec,0").unwrap().resolve(&s).unwrap();
        let Some(PixelShape::Ellipse(e)) = shapes.at(0) else { panic!("{shapes:?}") };
        // Position angle 0 is north, up here.
        assert!((e.theta().to_degrees().rem_euclid(180.0) - 90.0).abs() < 0.01, "{}", e.theta());
        assert!((e.area() - std::f64::consts::PI * 50.0).abs() < 1e-4);
    }
}
