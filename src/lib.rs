//! Kneepoint: find the knee before your users do.
