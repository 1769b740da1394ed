//! Prints one JSON line per quantity compared with stored reference answers: `skyphot-regress [TOPIC]`.
//! `skyphot-regress --wcs-table` prints the table of headers of `docs/accuracy.md`. `cargo xtask regress` makes a table of them.
#![allow(clippy::print_stdout)]

fn main() -> Result<(), skyphot_tests::regress::Error> {
    let topic = std::env::args().nth(1);
    if topic.as_deref() == Some("--wcs-table") {
        print!("{}", skyphot_tests::regress::header_table(&skyphot_tests::regress::headers()?));
        return Ok(());
    }
    for quantity in skyphot_tests::regress::all(topic.as_deref())? {
        println!("{}", quantity.to_json());
    }
    Ok(())
}
