//! What was odd, but usable, in a header.

use std::fmt;

/// A repair or a choice that was made while a header was read.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum WcsWarning {
    /// A deprecated keyword was understood (`RADECSYS`, `EPOCH`, `PC001001`, ...).
    DeprecatedKeyword {
        /// The keyword found.
        key: String,
        /// The standard's keyword.
        instead: String,
    },
    /// SIP coefficients are used although `CTYPE` has no `-SIP` suffix.
    SipSuffixMissing,
    /// SIP coefficients were dropped because PV distortions are given too.
    SipIgnored,
    /// PV distortions were dropped because SIP coefficients are given too.
    PvIgnored,
    /// `CTYPE` says TAN, the PV keywords are those of TPV; it is read as TPV.
    TanReadAsTpv,
    /// `CTYPE` has a `-SIP` suffix, but there are no coefficients.
    SipCoefficientsMissing,
    /// Inverse SIP coefficients without forward ones: they are not used.
    InverseSipOnly,
    /// The header announces lookup tables that were not passed in; they are not applied.
    LookupTablesMissing,
    /// Both `PCi_j` and `CDi_j` are given; `PCi_j` is used.
    BothPcAndCd,
    /// A row and column of the CD matrix is all zero; its diagonal was set to 1.
    EmptyCdAxis {
        /// FITS axis number.
        axis: usize,
    },
    /// A value is missing and the standard's default is used.
    DefaultUsed {
        /// The keyword.
        key: String,
        /// The value used.
        value: f64,
    },
    /// A unit was converted to degrees.
    UnitConverted {
        /// FITS axis number.
        axis: usize,
        /// The unit of the header.
        unit: String,
    },
    /// An obsolete projection (`GLS`, `NCP`) was translated.
    ObsoleteProjection {
        /// The code found.
        found: String,
        /// The code used.
        used: &'static str,
    },
    /// The header has a plate solution of the Digitized Sky Surveys; it is used (as TPV) instead of other keywords.
    DssPlateSolution,
    /// A reference system that is not known; `None` is reported as the frame.
    UnknownReferenceSystem(String),
    /// A `WATi_jjj` record that could not be understood; it is not applied.
    InvalidWat {
        /// FITS axis number.
        axis: usize,
        /// What is wrong.
        reason: String,
    },
}

impl fmt::Display for WcsWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeprecatedKeyword { key, instead } => write!(f, "{key} is deprecated, read as {instead}"),
            Self::SipSuffixMissing => {
                f.write_str("SIP coefficients are used although CTYPE has no -SIP suffix")
            }
            Self::SipIgnored => f.write_str("SIP coefficients dropped: PV distortions are given too"),
            Self::PvIgnored => f.write_str("PV distortions dropped: SIP coefficients are given too"),
            Self::TanReadAsTpv => f.write_str("TAN with PV distortions is read as TPV"),
            Self::SipCoefficientsMissing => f.write_str("CTYPE says -SIP, but there are no coefficients"),
            Self::InverseSipOnly => f.write_str("inverse SIP coefficients without forward ones are not used"),
            Self::LookupTablesMissing => f.write_str("lookup-table distortions are announced, but not given"),
            Self::BothPcAndCd => f.write_str("both PCi_j and CDi_j are given, PCi_j is used"),
            Self::EmptyCdAxis { axis } => write!(f, "CD{axis}_{axis} set to 1: the axis was all zero"),
            Self::DefaultUsed { key, value } => write!(f, "{key} is missing, {value} is used"),
            Self::UnitConverted { axis, unit } => write!(f, "CUNIT{axis} '{unit}' converted to deg"),
            Self::ObsoleteProjection { found, used } => write!(f, "projection {found} read as {used}"),
            Self::DssPlateSolution => f.write_str("the DSS plate solution is used instead of other keywords"),
            Self::UnknownReferenceSystem(name) => write!(f, "unknown reference system '{name}'"),
            Self::InvalidWat { axis, reason } => write!(f, "WAT{axis} is not applied: {reason}"),
        }
    }
}
