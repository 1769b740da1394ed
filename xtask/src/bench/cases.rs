//! What is timed, against whom, how values are compared and what is aimed at.

/// One piece of work.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    /// Worth two threads.
    pub(super) threads: bool,
    /// A peer takes half a minute.
    pub(super) slow: bool,
    pub(super) peers: &'static [Peer],
    /// Aimed-at ratio to the fastest peer.
    pub(super) fastest: Option<f64>,
}

/// One reference implementation on a case.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) name: &'static str,
    pub(super) measure: Measure,
    /// Values of which the median difference counts instead, in the same units.
    pub(super) median_of: &'static [&'static str],
    /// Largest disagreement.
    pub(super) tolerance: f64,
    /// Aimed-at ratio to this peer.
    pub(super) target: Option<f64>,
}

/// How far apart two lists of numbers are.
#[derive(Debug, Clone, Copy)]
pub(super) enum Measure {
    /// Largest `|a - b| / max(|b|, 1)`.
    Max,
    /// Largest `|a - b|` over the median of the peer's values of this name.
    MaxPer(&'static str),
    /// Median of the same: for peers that compute something similar, not the same.
    MedianPer(&'static str),
}

impl Case {
    /// Whether it reads the test data.
    pub(super) fn needs_data(&self) -> bool {
        self.name.starts_with("workflow-") && self.name != "workflow-xdf"
    }
}

impl Peer {
    /// Whether a disagreement is small enough; a NaN never is.
    pub(super) fn allows(&self, disagreement: f64) -> bool {
        disagreement <= self.tolerance
    }
}

const fn peer(name: &'static str, measure: Measure, tolerance: f64, target: Option<f64>) -> Peer {
    Peer { name, measure, median_of: &[], tolerance, target }
}

/// All of them, in the order of the table.
pub(super) const CASES: &[Case] = &[
    Case {
        name: "background",
        what: "background and rms maps, 4096 x 4096 f32, box 64, filter 3",
        threads: true,
        slow: false,
        peers: &[
            // Its maps are f32 inside.
            peer("photutils", Measure::MaxPer("rms"), 1e-5, Some(10.0)),
            // Another estimator and another spline: the maps are similar only.
            peer("sep", Measure::MedianPer("rms"), 0.05, Some(1.3)),
        ],
        fastest: None,
    },
    Case {
        name: "aperture-r3",
        what: "100,000 circles r = 3, exact, with error",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-6, None), peer("sep", Measure::Max, 1e-5, None)],
        fastest: Some(3.0),
    },
    Case {
        name: "aperture-r10",
        what: "100,000 circles r = 10, exact, with error",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-6, None), peer("sep", Measure::Max, 1e-5, None)],
        fastest: Some(3.0),
    },
    Case {
        name: "segment-detect",
        what: "5 x 5 convolution and detection, 4096 x 4096",
        threads: true,
        slow: false,
        peers: &[
            peer("photutils", Measure::Max, 1e-4, Some(4.0)),
            peer("sep", Measure::Max, 0.02, Some(6.0)),
        ],
        fastest: None,
    },
    Case {
        name: "segment-deblend",
        what: "deblending of those sources",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-3, Some(2.0))],
        fastest: None,
    },
    Case {
        name: "segment-both",
        what: "convolution, detection and deblending",
        threads: true,
        slow: false,
        peers: &[peer("sep", Measure::Max, 0.2, Some(3.0))],
        fastest: None,
    },
    Case {
        name: "command-segment",
        what: "`skyphot segment` from FITS to a FITS table, 4096 x 4096, 27 columns",
        threads: true,
        slow: false,
        // Another deblending: the number of sources and the median flux are compared.
        peers: &[peer("source-extractor", Measure::Max, 0.1, Some(4.0))],
        fastest: None,
    },
    Case {
        name: "shape-ellipse",
        what: "100,000 ellipses 8, 4 px, exact, with error",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-6, None), peer("sep", Measure::Max, 1e-5, None)],
        fastest: Some(3.0),
    },
    Case {
        name: "shape-rectangle",
        what: "100,000 rectangles 16 x 8 px, exact, with error",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-6, None)],
        fastest: Some(3.0),
    },
    Case {
        name: "shape-annulus",
        what: "100,000 annuli 6..9 px, exact, with error",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-6, None), peer("sep", Measure::Max, 1e-5, None)],
        fastest: Some(3.0),
    },
    Case {
        name: "shape-ellipses",
        what: "10,000 different ellipses, exact, with error",
        threads: true,
        slow: true,
        peers: &[peer("photutils", Measure::Max, 1e-6, Some(30.0)), peer("sep", Measure::Max, 1e-5, None)],
        fastest: Some(3.0),
    },
    Case {
        name: "annulus",
        what: "20,000 sigma-clipped medians of annuli 20..25 px",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-12, None)],
        fastest: Some(5.0),
    },
    Case {
        name: "aperture-stats",
        what: "ApertureStats of 20,000 circles r = 5, with error, default table",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-6, None)],
        fastest: Some(5.0),
    },
    Case {
        name: "catalog",
        what: "SourceCatalog of all sources of the field: default table with Kron photometry, half-light radii",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-6, None)],
        fastest: Some(4.0),
    },
    Case {
        name: "profiles",
        what: "1,000 radial profiles and curves of growth, 25 radii, with error",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-6, None)],
        fastest: Some(20.0),
    },
    Case {
        name: "epsf-10",
        what: "ePSF of 200 stars, oversampling 4, 10 iterations",
        threads: true,
        slow: false,
        // Its fits stop at a change of 1e-8 of the sum of squares.
        peers: &[peer("photutils", Measure::Max, 1e-5, None)],
        fastest: Some(30.0),
    },
    Case {
        name: "epsf-refined",
        what: "the same with refinement",
        threads: true,
        slow: false,
        // Its fits stop at a change of 1e-8 of the sum of squares.
        peers: &[peer("photutils", Measure::Max, 1e-5, None)],
        fastest: Some(25.0),
    },
    Case {
        name: "psf-gridded",
        what: "PSF photometry, 500 stars, gridded PSF, fits alone",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-4, None)],
        fastest: Some(100.0),
    },
    Case {
        name: "psf-gridded-35",
        what: "the same in groups of 35 px",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-4, None)],
        fastest: Some(100.0),
    },
    Case {
        name: "psf-gridded-read",
        what: "PSF photometry, 500 stars, reading of the gridded PSF included",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-4, None)],
        fastest: Some(15.0),
    },
    Case {
        name: "psf-gridded-35-read",
        what: "the same in groups of 35 px",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-4, None)],
        fastest: Some(15.0),
    },
    Case {
        name: "psf-residual",
        what: "residual image of 500 gridded PSFs of 101 x 101",
        threads: true,
        slow: false,
        // Of the brightest pixel: fits that differ by 1e-10 pixels leave that much of a bright star.
        peers: &[peer("photutils", Measure::MaxPer("peak"), 1e-8, None)],
        fastest: Some(20.0),
    },
    Case {
        name: "psf-crowded",
        what: "PSF photometry, 9,300 stars of a crowded field",
        threads: true,
        slow: true,
        peers: &[Peer {
            name: "photutils",
            measure: Measure::Max,
            // Its fits stop sooner, a few of them far from the minimum.
            median_of: &["x_fit", "y_fit", "flux_fit", "flux_err"],
            tolerance: 1e-6,
            target: None,
        }],
        fastest: Some(200.0),
    },
    Case {
        name: "psf-crowded-10",
        what: "the same in groups of 10 px",
        threads: true,
        slow: true,
        peers: &[Peer {
            name: "photutils",
            measure: Measure::Max,
            // Its fits stop sooner, a few of them far from the minimum.
            median_of: &["x_fit", "y_fit", "flux_fit", "flux_err"],
            tolerance: 1e-6,
            target: None,
        }],
        fastest: Some(100.0),
    },
    Case {
        name: "psf-100k",
        what: "crowded field of 100,000 stars: four passes of finding, fitting, subtracting, with an ePSF (60 s on two cores)",
        threads: true,
        slow: true,
        peers: &[],
        fastest: None,
    },
    Case {
        name: "dao",
        what: "DAO finder, 2048 x 2048 f32, 10,000 stars",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-5, None)],
        fastest: Some(6.0),
    },
    Case {
        name: "iraf",
        what: "IRAF finder, the same image",
        threads: true,
        slow: false,
        peers: &[peer("photutils", Measure::Max, 1e-5, None)],
        fastest: Some(6.0),
    },
    Case {
        name: "peaks",
        what: "find_peaks, box 31, 2-D Gaussian centroids, the same image",
        threads: true,
        slow: true,
        peers: &[Peer {
            // In a crowd some fits have several minima or none, and photutils stops early.
            median_of: &["x_centroid", "y_centroid"],
            ..peer("photutils", Measure::Max, 1e-8, None)
        }],
        fastest: Some(50.0),
    },
    Case {
        name: "stats",
        what: "sigma_clipped_stats of 16 Mpix f32",
        threads: true,
        slow: false,
        // astropy works in the 32 bits of the data, of which this is four steps.
        peers: &[peer("astropy", Measure::Max, 5e-7, None)],
        fastest: Some(4.0),
    },
    Case {
        name: "read",
        what: "read a 64 MB f32 FITS image (warm page cache)",
        threads: false,
        slow: false,
        peers: &[peer("fitsio", Measure::Max, 0.0, Some(1.0)), peer("astropy", Measure::Max, 0.0, None)],
        fastest: None,
    },
    Case {
        name: "ecsv",
        what: "write a table of 100,000 x 20 as ECSV",
        threads: false,
        slow: false,
        peers: &[peer("astropy", Measure::Max, 0.0, None)],
        fastest: Some(10.0),
    },
    Case {
        name: "wcs-sky",
        what: "all_pix2world, TAN-SIP of order 4, 1,000,000 positions",
        threads: true,
        slow: false,
        peers: &[peer("astropy", Measure::Max, 1e-12, Some(2.0))],
        fastest: None,
    },
    Case {
        name: "wcs-pixel",
        what: "all_world2pix, the same, to 1e-8 px (astropy: 1e-4 px)",
        threads: true,
        slow: false,
        peers: &[peer("astropy", Measure::Max, 1e-4, Some(3.0))],
        fastest: None,
    },
    Case {
        name: "match",
        what: "nearest of 100,000 on the sky for 100,000",
        threads: true,
        slow: false,
        peers: &[peer("astropy", Measure::Max, 1e-6, Some(3.0))],
        fastest: None,
    },
    Case {
        name: "gwcs-forward",
        what: "1,000,000 pixels through a GWCS of a Roman kind",
        threads: true,
        slow: false,
        peers: &[peer("gwcs", Measure::Max, 1e-11, None)],
        fastest: Some(10.0),
    },
    Case {
        name: "gwcs-inverse",
        what: "the way back with the polynomials of the GWCS",
        threads: true,
        slow: false,
        // One unit in the last place of the longitude, 268.7 deg, moves the answer of gwcs itself by 1.3e-9 px.
        peers: &[peer("gwcs", Measure::Max, 1e-8, None)],
        fastest: None,
    },
    Case {
        name: "gwcs-numerical",
        what: "the way back of 300 positions by iteration (gwcs does not get there)",
        threads: false,
        slow: true,
        // Compared is where the positions came from.
        peers: &[peer("gwcs", Measure::Max, 1e-8, None)],
        fastest: Some(30.0),
    },
    Case {
        name: "workflow-xdf",
        what: "`skyphot run --recipe xdf`, 5250 x 5250, 12,000 galaxies, from FITS to ECSV",
        threads: true,
        slow: true,
        // Its statistics are of 32 bits, and so are its threshold and its sums.
        peers: &[peer("photutils", Measure::Max, 1e-5, Some(20.0))],
        fastest: None,
    },
    Case {
        name: "workflow-roman",
        what: "`skyphot run --recipe roman-forced`, 768 x 768, 250 stars, from ASDF to ECSV",
        threads: false,
        slow: false,
        peers: &[
            peer("photutils", Measure::Max, 1e-5, Some(5.0)),
            peer("photutils-warm", Measure::Max, 1e-5, None),
        ],
        fastest: None,
    },
    Case {
        name: "workflow-miri",
        what: "`skyphot run --recipe jwst-miri`, two exposures",
        threads: false,
        slow: false,
        peers: &[
            peer("photutils", Measure::Max, 1e-4, Some(5.0)),
            peer("photutils-warm", Measure::Max, 1e-4, None),
        ],
        fastest: None,
    },
    Case {
        name: "workflow-gradient",
        what: "`skyphot run --recipe ground-gradient`, an image of .fit.bz2",
        threads: true,
        slow: false,
        peers: &[
            peer("photutils", Measure::Max, 1e-5, Some(5.0)),
            peer("photutils-warm", Measure::Max, 1e-5, None),
        ],
        fastest: None,
    },
    Case {
        name: "workflow-nircam",
        what: "`skyphot run --recipe nircam-psf`, 2048 x 2048, 500 stars drawn and fitted twice",
        threads: true,
        slow: true,
        // Its fits stop sooner.
        peers: &[
            peer("photutils", Measure::Max, 1e-4, Some(5.0)),
            peer("photutils-warm", Measure::Max, 1e-4, None),
        ],
        fastest: None,
    },
];
