//! Scenario files from outside: what is said of broken ones, what is understood of good ones.

mod broken;
mod examples;
