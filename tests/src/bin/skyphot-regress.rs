//! Prints one JSON line per quantity compared with stored reference answers: `skyphot-regress [TOPIC]`.
//! `cargo xtask regress` makes a table of them.
#![allow(clippy::print_stdout)]

fn main() -> Result<(), skyphot_tests::regress::Error> {
    let topic = std::env::args().nth(1);
    for quantity in skyphot_tests::regress::all(topic.as_deref())? {
        println!("{}", quantity.to_json());
    }
    Ok(())
}
