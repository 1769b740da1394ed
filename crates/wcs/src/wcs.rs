//! The world coordinate system of an image.

use skyphot_core::{HeaderView, Point, SkyCoord, SkyTransform};

use crate::angle::inverse_2x2;
use crate::celestial::Rotation;
use crate::plane::PlaneDistortion;
use crate::sky::SkyFrame;
use crate::{LookupTables, PointStatus, Projection, ProjectionCode, Result, Sip, WcsError, WcsWarning};

/// A celestial FITS world coordinate system: pixels of an image to positions on the sky and back.
///
/// Immutable, `Send` and `Sync`. Pixels are 0-based (the centre of the first one is `(0, 0)`), positions are in
/// degrees of the system's own frame, longitudes in `[0, 360)`.
///
/// ```
/// use skyphot_core::{Exec, Point, SkyCoord};
/// use skyphot_wcs::{ProjectionCode, Wcs};
/// let wcs = Wcs::new(ProjectionCode::Tan, SkyCoord { lon: 10.0, lat: -30.0 }, [50.0, 50.0], [[-1e-4, 0.0], [0.0, 1e-4]])?;
/// let sky = wcs.all_pix2world(&[Point::new(49.0, 49.0)], &Exec::default());
/// assert!((sky.sky[0].lon - 10.0).abs() < 1e-12 && (sky.sky[0].lat + 30.0).abs() < 1e-12);
/// let back = wcs.all_world2pix(&sky.sky, &Exec::default());
/// assert!((back.points[0].x - 49.0).abs() < 1e-8);
/// # Ok::<(), skyphot_wcs::WcsError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[doc(alias = "WCS")]
pub struct Wcs {
    pub(crate) meta: Meta,
    /// Reference pixel, 1-based.
    pub(crate) crpix: [f64; 2],
    /// Degrees per pixel, row 0 for the longitude axis.
    pub(crate) cd: [[f64; 2]; 2],
    pub(crate) cd_inverse: [[f64; 2]; 2],
    pub(crate) projection: Projection,
    pub(crate) rotation: Rotation,
    /// Added to plane coordinates (radians) before the projection is inverted.
    pub(crate) offset: [f64; 2],
    pub(crate) plane: Option<PlaneDistortion>,
    pub(crate) sip: Option<Sip>,
    pub(crate) tables: LookupTables,
}

/// What a system says about itself besides the numbers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Meta {
    pub(crate) alt: Option<char>,
    pub(crate) name: Option<String>,
    /// First four characters of the types of longitude and latitude (`RA--`, `DEC-`).
    pub(crate) prefix: [String; 2],
    /// Three-letter code of the header (TPV, TNX and ZPX are projections there).
    pub(crate) code: String,
    /// The latitude is axis 1 of the image.
    pub(crate) latitude_first: bool,
    pub(crate) crval: [f64; 2],
    pub(crate) lonpole: f64,
    pub(crate) latpole: f64,
    pub(crate) radesys: Option<String>,
    pub(crate) equinox: Option<f64>,
    pub(crate) frame: Option<SkyFrame>,
    /// `PVi_m` of the longitude axis (m = 0 ... 4), as given.
    pub(crate) lon_parameters: Vec<(usize, f64)>,
    /// `(NAXISj of x, NAXISj of y)`.
    pub(crate) naxis: Option<[usize; 2]>,
    pub(crate) warnings: Vec<WcsWarning>,
}

impl Wcs {
    /// A system in the ICRS frame from its reference point `crval` on the sky, reference pixel `crpix` (1-based, as
    /// `CRPIXj`), and the matrix `cd` (`CDi_j`, degrees per pixel; row 0 is the longitude).
    ///
    /// # Errors
    /// [`WcsError::SingularMatrix`] for a matrix without inverse, [`WcsError::InvalidProjection`] for projections that
    /// need parameters, [`WcsError::InvalidPole`] for an impossible reference point.
    pub fn new(
        projection: ProjectionCode,
        crval: SkyCoord,
        crpix: [f64; 2],
        cd: [[f64; 2]; 2],
    ) -> Result<Self> {
        Self::with_projection(Projection::new(projection, &[])?, crval, crpix, cd)
    }

    /// As [`new`](Self::new) with a projection that has parameters.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_projection(
        projection: Projection,
        crval: SkyCoord,
        crpix: [f64; 2],
        cd: [[f64; 2]; 2],
    ) -> Result<Self> {
        let (_, theta0) = projection.reference();
        let rotation = Rotation::new(crval.lon, crval.lat, 0.0, degrees(theta0), None, 90.0)?;
        let meta = Meta {
            alt: None,
            name: None,
            prefix: ["RA--".to_owned(), "DEC-".to_owned()],
            code: projection.code().code().to_owned(),
            latitude_first: false,
            crval: [crval.lon, crval.lat],
            lonpole: rotation.phi_p,
            latpole: rotation.lat_p,
            radesys: Some("ICRS".to_owned()),
            equinox: None,
            frame: Some(SkyFrame::Icrs),
            lon_parameters: Vec::new(),
            naxis: None,
            warnings: Vec::new(),
        };
        Self::assemble(meta, crpix, cd, projection, rotation, [0.0; 2], None, None, LookupTables::default())
    }

    #[allow(clippy::too_many_arguments)]
    pub(crate) fn assemble(
        meta: Meta,
        crpix: [f64; 2],
        cd: [[f64; 2]; 2],
        projection: Projection,
        rotation: Rotation,
        offset: [f64; 2],
        plane: Option<PlaneDistortion>,
        sip: Option<Sip>,
        tables: LookupTables,
    ) -> Result<Self> {
        let cd_inverse = inverse_2x2(&cd).ok_or(WcsError::SingularMatrix(cd))?;
        for v in crpix {
            if !v.is_finite() {
                return Err(WcsError::InvalidParameter { name: "CRPIX", expected: "finite", found: v });
            }
        }
        Ok(Self { meta, crpix, cd, cd_inverse, projection, rotation, offset, plane, sip, tables })
    }

    /// The primary system of a header. Lookup tables that it announces are left out (with a warning), see
    /// [`from_header_with`](Self::from_header_with).
    ///
    /// # Errors
    /// [`WcsError`] says which keyword is missing or wrong.
    pub fn from_header(header: &dyn HeaderView) -> Result<Self> {
        Self::from_header_with(header, None, LookupTables::default())
    }

    /// The alternate system `key` (`'A'` ... `'Z'`) of a header.
    ///
    /// # Errors
    /// As [`from_header`](Self::from_header).
    pub fn from_header_alt(header: &dyn HeaderView, key: char) -> Result<Self> {
        Self::from_header_with(header, Some(key), LookupTables::default())
    }

    /// The system `key` (`None` = primary) of a header with its lookup tables.
    ///
    /// # Errors
    /// As [`from_header`](Self::from_header).
    pub fn from_header_with(
        header: &dyn HeaderView,
        key: Option<char>,
        tables: LookupTables,
    ) -> Result<Self> {
        crate::header::read(header, key, tables)
    }

    /// Adds or replaces the SIP distortion.
    #[must_use]
    pub fn with_sip(mut self, sip: Option<Sip>) -> Self {
        self.sip = sip;
        self
    }

    /// Adds or replaces the lookup tables.
    #[must_use]
    pub fn with_tables(mut self, tables: LookupTables) -> Self {
        self.tables = tables;
        self
    }

    /// Declares the frame of the longitudes and latitudes; the axis names and `RADESYS` follow.
    #[must_use]
    pub fn with_frame(mut self, frame: SkyFrame) -> Self {
        let (lon, lat, radesys, equinox) = match frame {
            SkyFrame::Icrs => ("RA--", "DEC-", Some("ICRS"), None),
            SkyFrame::Fk5 { equinox } => ("RA--", "DEC-", Some("FK5"), Some(equinox)),
            SkyFrame::Fk4 { equinox } => ("RA--", "DEC-", Some("FK4"), Some(equinox)),
            SkyFrame::Fk4NoETerms { equinox } => ("RA--", "DEC-", Some("FK4-NO-E"), Some(equinox)),
            SkyFrame::Galactic => ("GLON", "GLAT", None, None),
            SkyFrame::Ecliptic { equinox } => ("ELON", "ELAT", None, Some(equinox)),
        };
        self.meta.prefix = [lon.to_owned(), lat.to_owned()];
        self.meta.radesys = radesys.map(str::to_owned);
        self.meta.equinox = equinox;
        self.meta.frame = Some(frame);
        self
    }

    /// Sets the size of the image, `(ny, nx)`.
    #[must_use]
    pub fn with_shape(mut self, (ny, nx): (usize, usize)) -> Self {
        self.meta.naxis = Some([nx, ny]);
        self
    }

    /// Size of the image `(ny, nx)` as the header gives it.
    #[must_use]
    #[doc(alias = "array_shape")]
    pub fn shape(&self) -> Option<(usize, usize)> {
        self.meta.naxis.map(|[nx, ny]| (ny, nx))
    }

    /// `CTYPE` of longitude and latitude as they would be written, such as `RA---TAN-SIP`.
    #[must_use]
    pub fn ctype(&self) -> [String; 2] {
        let suffix = if self.sip.is_some() { "-SIP" } else { "" };
        [0, 1].map(|i| format!("{}-{}{suffix}", self.meta.prefix[i], self.meta.code))
    }

    /// The projection.
    #[must_use]
    pub fn projection(&self) -> &Projection {
        &self.projection
    }

    /// Reference pixel, 1-based (`CRPIXj`).
    #[must_use]
    pub fn crpix(&self) -> [f64; 2] {
        self.crpix
    }

    /// Reference position on the sky, degrees (`CRVALi`).
    #[must_use]
    pub fn crval(&self) -> SkyCoord {
        SkyCoord { lon: self.meta.crval[0], lat: self.meta.crval[1] }
    }

    /// `CDi_j`, degrees per pixel; row 0 is the longitude. `PC`, `CDELT` and `CROTA` are converted to it.
    #[must_use]
    #[doc(alias = "pixel_scale_matrix")]
    pub fn cd(&self) -> [[f64; 2]; 2] {
        self.cd
    }

    /// `(LONPOLE, LATPOLE)` in use, degrees.
    #[must_use]
    pub fn poles(&self) -> (f64, f64) {
        (self.meta.lonpole, self.meta.latpole)
    }

    /// The frame of the positions, `None` if it is not one this crate can convert.
    #[must_use]
    #[doc(alias = "wcs_to_celestial_frame")]
    pub fn frame(&self) -> Option<SkyFrame> {
        self.meta.frame
    }

    /// `RADESYS`, given or by default.
    #[must_use]
    pub fn radesys(&self) -> Option<&str> {
        self.meta.radesys.as_deref()
    }

    /// `EQUINOX` in years, if the frame has one.
    #[must_use]
    pub fn equinox(&self) -> Option<f64> {
        self.meta.equinox
    }

    /// `WCSNAME`.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.meta.name.as_deref()
    }

    /// The SIP distortion.
    #[must_use]
    pub fn sip(&self) -> Option<&Sip> {
        self.sip.as_ref()
    }

    /// The lookup-table distortions.
    #[must_use]
    pub fn tables(&self) -> &LookupTables {
        &self.tables
    }

    /// There is a distortion in pixel space: SIP or lookup tables.
    #[must_use]
    pub fn has_distortion(&self) -> bool {
        self.sip.is_some() || !self.tables.is_empty()
    }

    /// What was odd about the header.
    #[must_use]
    pub fn warnings(&self) -> &[WcsWarning] {
        &self.meta.warnings
    }
}

/// Degrees, exact for quarter turns.
pub(crate) fn degrees(rad: f64) -> f64 {
    if rad == std::f64::consts::FRAC_PI_2 { 90.0 } else { rad.to_degrees() }
}

impl SkyTransform for Wcs {
    fn pixel_to_sky(&self, p: Point) -> Option<SkyCoord> {
        self.sky_of(p, true).ok()
    }

    fn sky_to_pixel(&self, s: SkyCoord) -> Option<Point> {
        self.pixel_of(s, true).ok()
    }

    fn pixels_to_sky(&self, points: &[Point], sky: &mut [SkyCoord]) {
        let n = points.len().min(sky.len());
        self.chunk_to_sky(&points[..n], &mut sky[..n], &mut vec![PointStatus::Ok; n], true);
    }

    fn sky_to_pixels(&self, sky: &[SkyCoord], points: &mut [Point]) {
        let n = points.len().min(sky.len());
        self.chunk_to_pixels(&sky[..n], &mut points[..n], &mut vec![PointStatus::Ok; n], true);
    }
}

// A system is made once and used from all threads.
const _: fn() = || {
    fn shared<T: Send + Sync + Clone + std::fmt::Debug + 'static>() {}
    shared::<Wcs>();
    shared::<crate::LinearWcs>();
    shared::<SkyFrame>();
    shared::<WcsError>();
};
