//! Any text as a FITS header, read as every kind of world coordinate system, there and back for a few positions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use skyphot_core::{Exec, HeaderView, Point, SkyCoord};
use skyphot_io::Header;
use skyphot_wcs::{LinearWcs, LookupReference, Wcs};

fuzz_target!(|data: &[u8]| {
    // Lines are easier to mutate than records of 80 characters.
    let text: String = String::from_utf8_lossy(data)
        .lines()
        .map(|l| format!("{:<80.80}", l.replace(|c| !(' '..='~').contains(&c), " ")))
        .collect();
    let header = Header::parse(text.as_bytes());
    let exec = Exec::serial();
    for key in [None, Some('A')] {
        if let Ok(wcs) = LinearWcs::from_header(&header, key) {
            let n = wcs.n_axes();
            let _ = wcs.pixel_to_world(&vec![1.5; n]).and_then(|w| wcs.world_to_pixel(&w));
        }
    }
    for r in LookupReference::find(header.entries()) {
        assert!(r.axis == 1 || r.axis == 2);
    }
    for wcs in [Wcs::from_header(&header), Wcs::from_header_alt(&header, 'A')].into_iter().flatten() {
        let points =
            [(0.0, 0.0), (-1e3, 7.5), (31.0, 1e6), (f64::NAN, 1.0), (1e300, -1e300)].map(Point::from);
        let sky = wcs.all_pix2world(&points, &exec);
        for (s, status) in sky.sky.iter().zip(&sky.status) {
            // A good answer is a position on the sphere, anything else is NaN.
            assert_eq!(status.is_ok(), s.lon.is_finite() && s.lat.is_finite(), "{s:?} {status:?}");
            if status.is_ok() {
                assert!((0.0..360.0).contains(&s.lon) && s.lat.abs() <= 90.0, "{s:?}");
            }
        }
        let mut back = sky.sky;
        back.push(SkyCoord { lon: 1e9, lat: -90.0 });
        let pixels = wcs.all_world2pix(&back, &exec);
        for (p, status) in pixels.points.iter().zip(&pixels.status) {
            assert!(status.is_ok() || p.x.is_nan(), "{p:?} {status:?}");
        }
        let _ = wcs.jacobian(points[0]);
        let _ = wcs.footprint((100, 200), false);
        let _ = wcs.to_cards();
    }
});
