//! One request again and again over one keep-alive connection, as cheaply as can be.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Outcome;
use super::client::{Answer, Question};

const END_OF_HEAD: &[u8] = b"\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 ";

/// A connection, its request, and the answer that it must have each time.
pub(crate) struct Wire {
    stream: TcpStream,
    request: Vec<u8>,
    /// The length of the first answer's head, and its body.
    head: usize,
    body: Vec<u8>,
    buffer: Vec<u8>,
}

impl Wire {
    /// Sends it once. That answer is judged as a whole, and those after it must have the same body.
    pub(crate) async fn open(address: &str, question: &Question) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let request = question.as_bytes(address);
        let mut wire = Self { stream, request, head: 0, body: Vec::new(), buffer: Vec::with_capacity(4096) };
        wire.exchange().await?;
        wire.head = head(&wire.buffer).ok_or("no answer")?;
        wire.body = wire.buffer.split_off(wire.head);
        let status = if wire.buffer.starts_with(OK) { 200 } else { 500 };
        question.judge(status.try_into()?, &wire.body).right()?;
        Ok(wire)
    }

    pub(crate) async fn ask(&mut self) -> Outcome<Answer> {
        self.exchange().await?;
        if self.is_as_before() || (self.buffer.starts_with(OK) && self.buffer.ends_with(&self.body)) {
            return Ok(Answer::Same);
        }
        // The body is one line.
        let answer = String::from_utf8_lossy(&self.buffer);
        let lines = answer.lines().next().into_iter().chain(answer.lines().next_back());
        Ok(Answer::Wrong(lines.collect::<Vec<_>>().join(": ")))
    }

    async fn exchange(&mut self) -> Outcome {
        self.buffer.clear();
        self.stream.write_all(&self.request).await?;
        while !self.is_as_before() && !is_whole(&self.buffer)? {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
        }
        Ok(())
    }

    /// Whether it is an answer of the same form as the first, without looking for its parts.
    fn is_as_before(&self) -> bool {
        self.head > 0
            && self.buffer.len() == self.head + self.body.len()
            && self.buffer.starts_with(OK)
            && self.buffer[..self.head].ends_with(END_OF_HEAD)
            && self.buffer[self.head..] == self.body
    }
}

/// The length of the head with its empty line.
fn head(answer: &[u8]) -> Option<usize> {
    let end = answer.windows(END_OF_HEAD.len()).position(|bytes| bytes == END_OF_HEAD)?;
    Some(end + END_OF_HEAD.len())
}

fn is_whole(answer: &[u8]) -> Outcome<bool> {
    let Some(head) = head(answer) else { return Ok(false) };
    let lines = std::str::from_utf8(&answer[..head])?.lines();
    let length =
        lines.filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let (_, length) = length.ok_or("an answer without a length")?;
    Ok(answer.len() >= head + length.trim().parse::<usize>()?)
}
