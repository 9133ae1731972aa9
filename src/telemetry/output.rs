//! Writing lines of the log to where they end.

use std::io::{ErrorKind, Write};
use std::thread::sleep;
use std::time::Duration;

/// Pause before the next try when the other side takes nothing at the moment, and does not make who writes wait.
const PAUSE: Duration = Duration::from_millis(10);

/// Where lines go, which may be full or gone.
pub(super) struct Output<W> {
    to: W,
    works: bool,
    /// The last line that was written lacks its end.
    torn: bool,
    /// The last line that was given up lacks its end.
    skips: bool,
}

impl<W: Write> Output<W> {
    pub(super) fn new(to: W) -> Self {
        Self { to, works: true, torn: false, skips: false }
    }

    /// Whether the last write did what it should.
    pub(super) fn works(&self) -> bool {
        self.works
    }

    /// Writes the lines, of which the first may be the rest of one and the last the beginning of one. What can't be written is given
    /// up. Returns how many lines lack their end by that.
    pub(super) fn write(&mut self, lines: &[u8]) -> u64 {
        let mut rest = lines;
        if self.skips {
            let Some(end) = lines.iter().position(|byte| *byte == b'\n') else { return 0 };
            self.skips = false;
            rest = &lines[end + 1..];
        }
        let before = lines.len() - rest.len();
        if !self.works && self.torn {
            // What comes now gets a line of its own, behind what is left of another.
            let _ = self.to.write(b"\n");
        }
        self.works = true;
        while !rest.is_empty() {
            match self.to.write(rest) {
                Ok(0) => self.works = false,
                Ok(written) => {
                    self.torn = rest[written - 1] != b'\n';
                    rest = &rest[written..];
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => sleep(PAUSE),
                Err(_) => self.works = false,
            }
            if !self.works {
                self.skips = rest.last() != Some(&b'\n');
                break;
            }
        }
        rest.iter().filter(|byte| **byte == b'\n').count() as u64 + u64::from(before > 0)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// A disk with room for so many bytes.
    struct Disk {
        room: usize,
        written: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fits = bytes.len().min(self.room);
            if fits == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            self.room -= fits;
            self.written.extend_from_slice(&bytes[..fits]);
            Ok(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_does_not_fit_is_counted_and_what_comes_later_is_whole() {
        let mut output = Output::new(Disk { room: 8, written: Vec::new() });
        assert_eq!(output.write(b"first\nsecond\nthird\n"), 2);
        assert!(!output.works());
        assert_eq!(output.write(b"fourth\nfif"), 1);
        output.to.room = 1000;
        assert_eq!(output.write(b"th\nsixth\n"), 1);
        assert!(output.works());
        assert_eq!(output.write(b"seventh\n"), 0);
        assert_eq!(String::from_utf8_lossy(&output.to.written), "first\nse\nsixth\nseventh\n");
    }

    #[test]
    fn lines_that_come_in_pieces_stay_whole() {
        let mut output = Output::new(Disk { room: 1000, written: Vec::new() });
        assert_eq!(output.write(b"first\nsec"), 0);
        assert_eq!(output.write(b"ond\n"), 0);
        assert_eq!(String::from_utf8_lossy(&output.to.written), "first\nsecond\n");
    }
}
