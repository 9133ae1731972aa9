//! Text that was made to confuse. `docs/text.md` says how it is handled, and why.

mod logged;
mod sent;
mod typed;
