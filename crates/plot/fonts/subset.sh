#!/bin/sh
# Makes the two subsets from DejaVu 2.37 (Debian: fonts-dejavu-core, python3-fonttools).
set -eu
for weight in "" -Bold; do
    python3 -m fontTools.subset "/usr/share/fonts/truetype/dejavu/DejaVuSans$weight.ttf" \
        --unicodes="U+0020-007E,U+00A0-017F,U+0391-03A9,U+03B1-03C9,U+0400-045F,U+2010-2015,U+2018-201E,U+2022,U+2026,U+202F,U+2030,U+2039,U+203A,U+2070-208E,U+2190-2193,U+2212,U+2260,U+2264,U+2265,U+2248,U+221E,U+FFFD,U+25A1" \
        --no-hinting --layout-features='' --drop-tables+=GSUB,GPOS,GDEF,kern \
        --output-file="DejaVuSans$weight.subset.ttf"
done
