//! Pixels of pictures.

use ndarray::Array2;
use skyphot_core::{BoundingBox, Image, Point, testing};
use skyphot_plot::{
    Color, ColorMap, HistogramConfig, Interval, MarkerKind, Overlay, Picture, PlotConfig, PlotError,
    Reduction, Shape, plot_histogram, plot_image,
};

fn bare() -> PlotConfig {
    PlotConfig {
        interval: Interval::MinMax,
        colormap: ColorMap::Gray,
        color_bar: false,
        axes: false,
        ..Default::default()
    }
}

fn pixel(rgb: &[u8], p: &Picture, x: usize, y: usize) -> [u8; 3] {
    let i = (y * p.size().0 as usize + x) * 3;
    [rgb[i], rgb[i + 1], rgb[i + 2]]
}

#[test]
fn the_first_pixel_is_at_the_lower_left_and_nan_is_marked() {
    let data = ndarray::arr2(&[[0.0, 1.0, 2.0], [3.0, f64::NAN, 4.0]]);
    let image = Image::new(data.view()).unwrap();
    let p = plot_image(&image, &[], &PlotConfig { size: Some((40, 40)), ..bare() }).unwrap();
    assert_eq!(p.size(), (39, 26));
    let rgb = p.to_rgb().unwrap();
    assert_eq!(pixel(&rgb, &p, 0, 25), [0, 0, 0]);
    assert_eq!(pixel(&rgb, &p, 38, 0), [255, 255, 255]);
    assert_eq!(pixel(&rgb, &p, 13, 13), [64, 64, 64]);
    let bad = PlotConfig::default().bad_color;
    assert_eq!(pixel(&rgb, &p, 19, 6), [bad.r, bad.g, bad.b]);
    let mask = data.mapv(|v| v == 4.0);
    let p = plot_image(
        &image.with_mask(mask.view()).unwrap(),
        &[],
        &PlotConfig { size: Some((40, 40)), ..bare() },
    );
    let p = p.unwrap();
    let rgb = p.to_rgb().unwrap();
    assert_eq!(pixel(&rgb, &p, 38, 0), [bad.r, bad.g, bad.b]);
    assert_eq!(pixel(&rgb, &p, 0, 0), [255, 255, 255]);
}

/// Centre and mean radius of the red in a picture, canvas pixels.
fn red(p: &Picture) -> (f64, f64, f64) {
    let rgb = p.to_rgb().unwrap();
    let w = p.size().0 as usize;
    let at: Vec<(f64, f64, f64)> = rgb
        .chunks(3)
        .enumerate()
        .filter(|(_, c)| c[0] > c[1].saturating_add(10))
        .map(|(i, c)| ((i % w) as f64 + 0.5, (i / w) as f64 + 0.5, f64::from(c[0]) - f64::from(c[1])))
        .collect();
    let n: f64 = at.iter().map(|p| p.2).sum();
    let x = at.iter().map(|p| p.0 * p.2).sum::<f64>() / n;
    let y = at.iter().map(|p| p.1 * p.2).sum::<f64>() / n;
    let r = at.iter().map(|p| (p.0 - x).hypot(p.1 - y) * p.2).sum::<f64>() / n;
    (x, y, r)
}

#[test]
fn circles_sit_on_pixel_centres_at_every_scale() {
    let data = Array2::<f32>::zeros((60, 80));
    let image = Image::new(data.view()).unwrap();
    let center = Point::new(50.25, 20.0);
    for (size, scale) in [((400, 400), 5.0), ((90, 90), 1.0), ((40, 40), 0.5)] {
        for (shape, r) in [
            (Shape::Circle { center, r: 12.0 }, Some(12.0)),
            (Shape::Marker { center, kind: MarkerKind::Plus, size: 11.0 }, None),
            (Shape::Marker { center, kind: MarkerKind::Cross, size: 11.0 }, None),
            (Shape::Marker { center, kind: MarkerKind::Diamond, size: 11.0 }, None),
            (Shape::Rectangle { center, w: 12.0, h: 7.0, theta: 0.4 }, None),
        ] {
            let overlay = Overlay::new(vec![shape.clone()]).with_color(Color::RED);
            let config = PlotConfig { size: Some(size), ..bare() };
            let p = plot_image(&image, &[overlay], &config).unwrap();
            assert_eq!(p.size(), ((80.0 * scale) as u32, (60.0 * scale) as u32));
            let (x, y, found) = red(&p);
            let (ex, ey) = ((center.x + 0.5) * scale, (60.0 - (center.y + 0.5)) * scale);
            assert!(
                (x - ex).abs() < 0.2 && (y - ey).abs() < 0.2,
                "{shape:?} {scale}: {x} {y}, expected {ex} {ey}"
            );
            if let Some(r) = r {
                assert!((found - r * scale).abs() < 0.3, "{scale}: radius {found}");
            }
        }
    }
}

#[test]
fn overlays_stay_on_the_image() {
    let data = Array2::<f64>::zeros((50, 50));
    let image = Image::new(data.view()).unwrap();
    let outside = Overlay::new(vec![
        Shape::Circle { center: Point::new(-30.0, 25.0), r: 10.0 },
        Shape::Circle { center: Point::new(f64::NAN, 25.0), r: 10.0 },
        Shape::Marker { center: Point::new(90.0, 25.0), kind: MarkerKind::Plus, size: 9.0 },
        Shape::Text { at: Point::new(90.0, 25.0), text: "far".into(), size: 11.0, offset: 0.0 },
    ]);
    let config = PlotConfig { size: Some((300, 300)), ..bare() };
    let plain = plot_image(&image, &[], &config).unwrap();
    assert_eq!(plot_image(&image, &[outside], &config).unwrap(), plain);
}

#[test]
fn a_star_stays_visible_in_a_reduced_image() {
    let mut data = Array2::<f32>::zeros((500, 500));
    data[[250, 250]] = 100.0;
    let image = Image::new(data.view()).unwrap();
    let brightest = |reduction| {
        let config = PlotConfig { size: Some((50, 50)), reduction, ..bare() };
        let p = plot_image(&image, &[], &config).unwrap();
        assert_eq!(p.size(), (50, 50));
        p.to_rgb().unwrap().into_iter().max().unwrap()
    };
    assert_eq!(brightest(Reduction::Max), 255);
    assert_eq!(brightest(Reduction::Mean), 2);
}

#[test]
fn zoom_shows_the_part_asked_for() {
    let data = testing::field(60, 60, 1, 5, 1.0);
    let image = Image::new(data.view()).unwrap();
    let zoom = BoundingBox::new(10, 30, 20, 50).unwrap();
    let config = PlotConfig { zoom: Some(zoom), size: Some((100, 100)), ..bare() };
    let part = data.slice(ndarray::s![20..50, 10..30]);
    let a = plot_image(&image, &[Overlay::circles(&[Point::new(20.0, 30.0)], 3.0)], &config).unwrap();
    let config = PlotConfig { zoom: None, ..config };
    let part = Image::new(part.view()).unwrap();
    let b = plot_image(&part, &[Overlay::circles(&[Point::new(10.0, 10.0)], 3.0)], &config).unwrap();
    assert_eq!(a.to_rgb().unwrap(), b.to_rgb().unwrap());
}

#[test]
fn bad_wishes_are_errors() {
    let data = Array2::from_elem((5, 5), f32::NAN);
    let image = Image::new(data.view()).unwrap();
    assert!(matches!(plot_image(&image, &[], &PlotConfig::default()), Err(PlotError::NoGoodPixels)));
    assert!(matches!(plot_histogram(&image, &HistogramConfig::default()), Err(PlotError::NoGoodPixels)));
    let data = Array2::<f32>::zeros((5, 5));
    let image = Image::new(data.view()).unwrap();
    let config = PlotConfig { size: Some((0, 10)), ..Default::default() };
    assert!(plot_image(&image, &[], &config).unwrap_err().to_string().contains("found 0 x 10"));
    let zoom = Some(BoundingBox::new(7, 9, 0, 3).unwrap());
    assert!(matches!(
        plot_image(&image, &[], &PlotConfig { zoom, ..Default::default() }),
        Err(PlotError::ZoomOutside { .. })
    ));
}

#[test]
fn any_shape_and_stretch_can_be_drawn() {
    for (ny, nx) in [(1, 1), (1, 700), (900, 2), (33, 47)] {
        let data = testing::field(ny, nx, 8, 1, 2.0);
        let image = Image::new(data.view()).unwrap();
        for stretch in ["linear", "log", "histeq", "sinh"] {
            let config = PlotConfig {
                stretch: stretch.parse().unwrap(),
                title: Some("A title that is far too long for the narrow pictures of this test".into()),
                unit: Some("adu".into()),
                size: Some((240, 240)),
                ..Default::default()
            };
            let p = plot_image(&image, &[], &config).unwrap();
            assert!(p.size().0 <= 240 && p.size().1 <= 240, "{:?}", p.size());
            assert!(p.to_png().unwrap().len() > 100);
            let svg = p.to_svg().unwrap();
            assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n") && svg.matches("<svg").count() == 1);
        }
    }
}

#[test]
fn the_same_picture_every_time() {
    let data = testing::field(80, 90, 5, 5, 2.0);
    let image = Image::new(data.view()).unwrap();
    let overlay = Overlay::annuli(&[Point::new(20.0, 20.0)], 4.0, 8.0);
    let draw = || plot_image(&image, std::slice::from_ref(&overlay), &PlotConfig::default()).unwrap();
    assert_eq!(draw().to_png().unwrap(), draw().to_png().unwrap());
    assert_eq!(draw().to_svg().unwrap(), draw().to_svg().unwrap());
}
