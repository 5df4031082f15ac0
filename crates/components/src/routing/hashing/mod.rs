//! How products make numbers of keys and of servers.

pub mod haproxy;
pub mod jump;
pub mod maglev;
pub mod nginx;

/// Writes a key as people do, in decimal digits: what a product would find in a request.
pub(crate) fn digits(mut key: u64, text: &mut [u8; 20]) -> &[u8] {
    let mut at = text.len();
    loop {
        at -= 1;
        text[at] = b'0' + (key % 10) as u8;
        key /= 10;
        if key == 0 {
            return &text[at..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_as_people_do() {
        for key in [0, 7, 10, 4_294_967_295, u64::MAX] {
            assert_eq!(digits(key, &mut [0; 20]), key.to_string().as_bytes());
        }
    }
}
