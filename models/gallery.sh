#!/bin/sh
# Draws the figures that the READMEs of the models show, beside them. From the top of the repository:
#
#     cargo build --release && sh models/gallery.sh
#     sh models/gallery.sh --check        draws them elsewhere, and tells which are not as they are kept
#
# Another program is taken with KNEEPOINT=path. The same results give the same bytes: what differs has changed.
set -eu

program=${KNEEPOINT:-target/release/kneepoint}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
check=${1:-}
stale=0

# keep MODEL FIGURE RESULTS [OPTIONS]: draws one figure of results.
keep() {
    model=$1 figure=$2 results=$3
    shift 3
    "$program" plot "$results" "$@" -o "$work/$figure.svg" --force
    if [ "$check" != --check ]; then
        cp "$work/$figure.svg" "models/$model/$figure.svg"
    elif ! cmp -s "$work/$figure.svg" "models/$model/$figure.svg"; then
        echo "models/$model/$figure.svg is not as it is drawn now: sh models/gallery.sh" >&2
        stale=1
    fi
}

# A verb ends with 1 where an objective is missed: its results are there all the same.
results() {
    "$program" "$@" || [ $? -eq 1 ]
}

results run models/failover/scenario.ron --timeline --format json > "$work/failover.json"
keep failover over-time "$work/failover.json" --figure over-time-users
keep failover topology "$work/failover.json" --figure topology

results run models/tail-fan-out/scenario.ron --format json > "$work/tail.json"
keep tail-fan-out percentiles "$work/tail.json" --figure percentiles
keep tail-fan-out topology "$work/tail.json" --figure topology

results run models/trace-replay/scenario.ron --timeline --format json > "$work/trace.json"
client=$("$program" plot "$work/trace.json" --list | sed -n 's/^\(heat-[a-z0-9-]*\) .*/\1/p' | head -n 1)
keep trace-replay heat "$work/trace.json" --figure "$client"

results run models/mmc-theory/scenario.ron --format json > "$work/mmc.json"
keep mmc-theory percentiles "$work/mmc.json" --figure percentiles

results run models/capacity-planning/scenario.ron --format json > "$work/planning.json"
keep capacity-planning topology "$work/planning.json" --figure topology

results sweep models/vertical-horizontal-core/scenario.ron --format json > "$work/sweep.json"
keep vertical-horizontal-core lines "$work/sweep.json" --figure lines-fast

results run models/retry-storm/scenario.ron --timeline --format json > "$work/storm.json"
keep retry-storm over-time "$work/storm.json" --figure over-time-clients

results run models/hedging/scenario.ron --variant hedged --format json > "$work/hedging.json"
keep hedging percentiles "$work/hedging.json" --figure percentiles

results sweep models/overload-shedding/scenario.ron --format json > "$work/shedding.json"
keep overload-shedding of-use "$work/shedding.json" --figure lines-of-use

results run models/adaptive-throttling/scenario.ron --format json > "$work/throttling.json"
keep adaptive-throttling topology "$work/throttling.json" --figure topology

results run models/rate-limits/scenario.ron --variant one-attacker --timeline --format json > "$work/limits.json"
keep rate-limits over-time "$work/limits.json" --figure over-time-users
keep rate-limits topology "$work/limits.json" --figure topology

results sweep models/stale-load/scenario.ron --format json > "$work/stale.json"
keep stale-load latency "$work/stale.json" --figure lines-latency

results sweep models/retry-budgets/scenario.ron --format json > "$work/budgets.json"
keep retry-budgets load "$work/budgets.json" --figure lines-load

results run models/synchronised-retries/scenario.ron --variant full --timeline --format json > "$work/jitter.json"
keep synchronised-retries over-time "$work/jitter.json" --figure over-time-clients

results sweep models/shared-queue/scenario.ron --format json > "$work/queue.json"
keep shared-queue latency "$work/queue.json" --figure lines-latency

results sweep models/pooling/scenario.ron --format json > "$work/pooling.json"
keep pooling latency "$work/pooling.json" --figure lines-latency

results run models/open-closed/scenario.ron --variant open --set run.duration=1h --format json > "$work/open.json"
keep open-closed percentiles "$work/open.json" --figure percentiles

results run models/shuffle-sharding/scenario.ron --variant shuffled --format json > "$work/shuffle.json"
keep shuffle-sharding topology "$work/shuffle.json" --figure topology

results run models/bounded-ring/scenario.ron --variant ring --format json > "$work/ring.json"
keep bounded-ring topology "$work/ring.json" --figure topology

results run models/rolling-restart/scenario.ron --variant killed --timeline --format json > "$work/restart.json"
keep rolling-restart over-time "$work/restart.json" --figure over-time-users

results run models/cascade/scenario.ron --variant bare --timeline --window 500ms --format json > "$work/cascade.json"
keep cascade over-time "$work/cascade.json" --figure over-time-users
keep cascade topology "$work/cascade.json" --figure topology

exit $stale
