//! The figures beside the models are those that are drawn today.

use std::process::Command;

#[test]
fn figures_of_the_models_are_as_they_are_drawn_now() {
    let done = Command::new("sh")
        .args(["models/gallery.sh", "--check"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("KNEEPOINT", env!("CARGO_BIN_EXE_kneepoint"))
        .output()
        .expect("there is a shell");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}
