//! Filled figures, first rows at the top, and what panels have besides curves. Expected values are areas and places that
//! follow from the geometry.

use ndarray::Array2;
use skyphot_core::{Image, Point};
use skyphot_plot::{
    Color, ColorMap, Guide, Interval, LegendPlace, LineStyle, MarkerKind, Overlay, Panel, Picture,
    PlotConfig, SecondAxis, Series, Shape, plot_image, plot_lines,
};

fn bare() -> PlotConfig {
    PlotConfig {
        interval: Interval::Manual { min: 0.0, max: 1.0 },
        colormap: ColorMap::Gray,
        color_bar: false,
        axes: false,
        size: Some((400, 400)),
        ..Default::default()
    }
}

/// How much of the red of each pixel is missing, in all, in units of whole pixels.
fn missing_red(p: &Picture) -> f64 {
    p.to_rgb().unwrap().chunks(3).map(|c| f64::from(255 - c[0]) / 255.0).sum()
}

#[test]
fn filled_figures_cover_their_area_and_annuli_keep_their_hole() {
    // White, so that what is filled with black takes away all of the red.
    let data = Array2::from_elem((80, 80), 1.0);
    let image = Image::new(data.view()).unwrap();
    let center = Point::new(40.3, 37.6);
    let pi = std::f64::consts::PI;
    for (shape, expected) in [
        (Shape::Circle { center, r: 10.0 }, pi * 100.0),
        (Shape::Annulus { center, r_in: 6.0, r_out: 10.0 }, pi * 64.0),
        (Shape::Ellipse { center, a: 12.0, b: 5.0, theta: 0.7 }, pi * 60.0),
        (Shape::EllipticalAnnulus { center, a_in: 8.0, a_out: 16.0, b_out: 6.0, theta: 2.0 }, pi * 72.0),
        (Shape::Rectangle { center, w: 11.0, h: 7.0, theta: 0.4 }, 77.0),
        // Only the quarter on the image is drawn.
        (Shape::Circle { center: Point::new(-0.5, -0.5), r: 10.0 }, pi * 25.0),
        (Shape::Marker { center, kind: MarkerKind::Diamond, size: 20.0 }, 200.0 / 25.0),
        // Nothing is enclosed, nothing is filled.
        (Shape::Line { vertices: vec![center, Point::new(9.0, 9.0)] }, 0.0),
    ] {
        for opacity in [1.0, 0.4] {
            let overlay = Overlay::new(vec![shape.clone()])
                .with_color(Color::BLACK)
                .with_line_width(0.0)
                .with_fill(opacity);
            let p = plot_image(&image, &[overlay], &bare()).unwrap();
            let found = missing_red(&p) / 25.0;
            assert!(
                (found - opacity * expected).abs() < 0.004 * expected + 1e-9,
                "{shape:?}: {found}, expected {}",
                opacity * expected
            );
        }
    }
    let ring = Overlay::annuli(&[center], 6.0, 10.0).with_color(Color::BLACK).with_fill(0.5);
    let p = plot_image(&image, &[ring], &bare()).unwrap();
    let rgb = p.to_rgb().unwrap();
    let at = |x: f64, y: f64| rgb[(((79.5 - y) * 5.0) as usize * 400 + ((x + 0.5) * 5.0) as usize) * 3];
    assert_eq!((at(40.3, 37.6), at(40.3, 50.6)), (255, 255));
    assert!((127..=128).contains(&at(40.3, 45.6)));
    let svg = p.to_svg().unwrap();
    assert!(svg.contains("fill-rule=\"evenodd\"") && svg.contains("fill-opacity=\"0.5\""));
}

#[test]
fn the_first_row_can_be_at_the_top() {
    let data = Array2::from_shape_fn((40, 40), |(y, _)| if y < 10 { 1.0 } else { 0.0 });
    let image = Image::new(data.view()).unwrap();
    let dot = Overlay::circles(&[Point::new(30.0, 5.0)], 2.0).with_line_width(0.0).with_fill(1.0);
    for y_down in [false, true] {
        let config = PlotConfig { y_down, ..bare() };
        let p = plot_image(&image, std::slice::from_ref(&dot), &config).unwrap();
        let rgb = p.to_rgb().unwrap();
        let at = |x: f64, y: f64| {
            let row = if y_down { y + 0.5 } else { 39.5 - y };
            let i = ((row * 10.0) as usize * 400 + ((x + 0.5) * 10.0) as usize) * 3;
            [rgb[i], rgb[i + 1], rgb[i + 2]]
        };
        assert_eq!(at(5.0, 5.0), [255; 3]);
        assert_eq!(at(5.0, 20.0), [0; 3]);
        assert_eq!(at(30.0, 5.0), [255, 0, 0]);
    }
}

#[test]
fn broken_lines_have_gaps() {
    let data = Array2::from_elem((80, 80), 1.0);
    let image = Image::new(data.view()).unwrap();
    let drawn = |style| {
        let o =
            Overlay::circles(&[Point::new(40.0, 40.0)], 30.0).with_color(Color::BLACK).with_line_style(style);
        missing_red(&plot_image(&image, &[o], &bare()).unwrap())
    };
    let solid = drawn(LineStyle::Solid);
    for style in [LineStyle::Dashed, LineStyle::Dotted, LineStyle::DashDot] {
        let part = drawn(style) / solid;
        assert!((0.3..0.9).contains(&part), "{style:?}: {part}");
    }
}

fn text(svg: &str, name: &str) -> bool {
    svg.lines().any(|l| l.trim() == name)
}

#[test]
fn a_second_axis_has_its_own_numbers() {
    let panel = Panel {
        series: vec![Series { sizes: vec![6.0], ..Series::points(vec![0.1], vec![0.2]) }],
        x_range: Some((-0.55, 0.55)),
        y_range: Some((-0.55, 0.55)),
        x_top: Some(SecondAxis { label: "pixels across".into(), scale: 1.0 / 0.11, offset: 0.0 }),
        y_right: Some(SecondAxis { label: "shifted".into(), scale: 1.0, offset: 7.0 }),
        ..Panel::default()
    };
    let svg = plot_lines(std::slice::from_ref(&panel), None, (700, 700)).unwrap().to_svg().unwrap();
    // -0.55 to 0.55 arcsec are -5 to 5 pixels of 0.11.
    for name in ["pixels across", "shifted", "−0.4", "0.4", "−4", "4", "6.6", "7.4"] {
        assert!(text(&svg, name), "{name}");
    }
    for (log, scale, offset) in
        [(false, 0.0, 0.0), (false, f64::NAN, 0.0), (true, 2.0, 1.0), (true, -1.0, 0.0)]
    {
        let axis = SecondAxis { label: String::new(), scale, offset };
        let p = Panel { x_top: Some(axis), x_log: log, ..Panel::default() };
        assert!(plot_lines(&[p], None, (500, 500)).is_err());
    }
}

#[test]
fn dots_have_the_sizes_and_opacities_that_are_asked_for() {
    let points = |sizes: Vec<f64>, opacity| {
        let s = Series {
            sizes,
            opacity,
            color: Some(Color::BLACK),
            ..Series::points(vec![2.0, 5.0, 8.0], vec![5.0; 3])
        };
        let panel = Panel {
            series: vec![s],
            x_range: Some((0.0, 10.0)),
            y_range: Some((0.0, 10.0)),
            ..Panel::default()
        };
        plot_lines(&[panel], None, (400, 400))
    };
    let empty = missing_red(&points(vec![0.0], None).unwrap());
    let area = |sizes: Vec<f64>, opacity| missing_red(&points(sizes, opacity).unwrap()) - empty;
    let pi = std::f64::consts::PI;
    for (sizes, squares) in
        [(vec![20.0], 1200.0), (vec![10.0, 20.0, 40.0], 2100.0), (vec![0.0, 30.0, f64::NAN], 900.0)]
    {
        for opacity in [None, Some(0.25)] {
            let expected = 0.25 * pi * squares * opacity.unwrap_or(1.0);
            let found = area(sizes.clone(), opacity);
            assert!((found - expected).abs() < 0.02 * expected, "{sizes:?} {opacity:?}: {found}, {expected}");
        }
    }
    assert!(points(vec![1.0, 2.0], None).is_err());
}

#[test]
fn areas_reach_down_to_the_axis_and_guides_stand_in_the_legend() {
    let panel = Panel {
        series: vec![Series {
            color: Some(Color::BLACK),
            opacity: Some(0.5),
            ..Series::area(vec![2.0, 4.0], vec![5.0, 5.0]).named("counts")
        }],
        guides: vec![Guide {
            name: Some("mean of all".into()),
            line_style: LineStyle::Dashed,
            ..Guide::vertical(6.0)
        }],
        x_range: Some((0.0, 10.0)),
        y_range: Some((0.0, 10.0)),
        legend: LegendPlace::Below,
        aspect: Some(1.0),
        grid: true,
        ..Panel::default()
    };
    let p = plot_lines(&[panel], Some("m_{AB} of both"), (500, 500)).unwrap();
    let svg = p.to_svg().unwrap();
    for name in ["counts", "mean of all", "AB", "of both"] {
        assert!(text(&svg, name), "{name}");
    }
    // Half of the black of a fifth of the width and half of the height, in a square panel.
    let rgb = p.to_rgb().unwrap();
    let grey = rgb.chunks(3).filter(|c| (127..=128).contains(&c[0]) && c[0] == c[2]).count() as f64;
    let side = (grey / 0.1).sqrt();
    assert!((250.0..450.0).contains(&side), "{side}");
    // The legend stands below the name of the axis, within the picture.
    let lowest = rgb.chunks(500 * 3).rposition(|row| row.iter().any(|v| *v < 128)).unwrap();
    assert!((470..500).contains(&lowest), "{lowest}");
}
