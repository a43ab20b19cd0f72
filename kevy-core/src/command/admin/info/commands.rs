//! What commands cost, and what went wrong.

use std::collections::BTreeSet;

use super::figures::Figures;
use super::text::Text;

/// A line for every command that was called or turned away.
pub fn commandstats(text: &mut Text, figures: &Figures<'_>) {
    let Figures { server, commands, .. } = figures;
    let faults = server.monitoring.faults.lock().clone();
    text.section("Commandstats");
    let numbers: BTreeSet<usize> =
        commands.called().map(|(number, _)| number).chain(faults.commands()).collect();
    for number in numbers {
        let (calls, nanos) = commands.get(number).map_or((0, 0), |stat| (stat.calls, stat.nanos()));
        let [rejected, failed] = faults.of_command(number);
        let us = nanos / 1_000;
        let per_call = if calls == 0 { 0.0 } else { nanos as f64 / 1_000.0 / calls as f64 };
        text.field(
            &format!("cmdstat_{}", server.commands.name(number)),
            format_args!(
                "calls={calls},usec={us},usec_per_call={per_call:.2},rejected_calls={rejected},failed_calls={failed}"
            ),
        );
    }
}

/// A line for every code of an error that was sent.
pub fn errorstats(text: &mut Text, figures: &Figures<'_>) {
    text.section("Errorstats");
    for (code, count) in figures.server.monitoring.faults.lock().errors() {
        text.field(&format!("errorstat_{code}"), format_args!("count={count}"));
    }
}

/// The percentiles of `latency-tracking-info-percentiles` for every command that was called.
pub fn latencystats(text: &mut Text, figures: &Figures<'_>) {
    let Figures { server, commands, options, .. } = figures;
    text.section("Latencystats");
    if !options.latency_tracking {
        return;
    }
    for (number, stat) in commands.called() {
        let Some(histogram) = stat.histogram() else { continue };
        let percentiles: Vec<String> = options
            .latency_tracking_info_percentiles
            .0
            .iter()
            .map(|percent| format!("p{percent}={:.3}", histogram.percentile(*percent) as f64 / 1_000.0))
            .collect();
        text.field(
            &format!("latency_percentiles_usec_{}", server.commands.name(number)),
            percentiles.join(","),
        );
    }
}
