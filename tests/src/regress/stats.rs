//! Sigma-clipped statistics against astropy.

use skyphot::core::Exec;
use skyphot::stats::{CenterFunc, SigmaClip, SpreadFunc, sigma_clipped_stats};

use super::scene::{Scene, number};
use super::{Error, Tally};

pub(super) fn compare(scene: &Scene, tally: &mut Tally) -> Result<(), Error> {
    let image = scene.image()?;
    for row in scene.answers["stats"].as_array().into_iter().flatten() {
        if row.get("mad_std").is_some() {
            let good = image
                .data()
                .indexed_iter()
                .filter(|((y, x), _)| !image.is_bad(*x, *y))
                .map(|(_, v)| *v)
                .collect::<Vec<_>>();
            let ours = skyphot::stats::mad_std(&good);
            tally.relative("mad_std, relative", 1e-12, &[ours], &[number(&row["mad_std"])]);
            continue;
        }
        let clip = SigmaClip {
            max_iters: row["maxiters"].as_u64().map(|n| n as usize),
            center: if row["cenfunc"] == "mean" { CenterFunc::Mean } else { CenterFunc::Median },
            spread: if row["stdfunc"] == "mad_std" { SpreadFunc::MadStd } else { SpreadFunc::Std },
            ..SigmaClip::new(number(&row["sigma"]))
        };
        let s = sigma_clipped_stats(&image, &clip, &Exec::default())?;
        for (name, ours) in [("mean", s.mean), ("median", s.median), ("std", s.std)] {
            tally.relative(&format!("clipped {name}, relative"), 1e-12, &[ours], &[number(&row[name])]);
        }
    }
    Ok(())
}
