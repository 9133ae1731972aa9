//! A real browser: Chromium, driven over its DevTools protocol through a pair of pipes.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portcullis::clock::Stopwatch;
use serde_json::{Value, json};

use super::TestApp;
use super::cluster::watched_dir;

/// A timeout that is longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The address of the server in the browser: that of the tests' issuer.
pub(crate) const ORIGIN: &str = "http://localhost:8080";

/// A browser with one page, for which the server of the test is at [`ORIGIN`]. Its calls block.
pub(crate) struct Chromium {
    child: Child,
    folder: PathBuf,
    to: File,
    from: Receiver<Value>,
    session: Value,
    sent: u64,
}

/// Runs `work` with a browser. Does nothing if there is none on this machine, unless everything must be tested.
pub(crate) fn in_browser(app: &TestApp, work: impl FnOnce(Chromium)) {
    in_browser_with(app, &[], work);
}

/// The same, where these other names with their ports lead to these addresses.
pub(crate) fn in_browser_with(app: &TestApp, others: &[(&str, SocketAddr)], work: impl FnOnce(Chromium)) {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find(|name| Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok());
    match found {
        Some(program) => tokio::task::block_in_place(|| work(Chromium::start(program, app, others))),
        None => {
            assert!(std::env::var_os("PORTCULLIS_TEST_ALL").is_none(), "Chromium is not installed");
            eprintln!("NOT TESTED: there is no Chromium on this machine");
        }
    }
}

impl Chromium {
    fn start(program: &str, app: &TestApp, others: &[(&str, SocketAddr)]) -> Self {
        let folder = watched_dir("chromium");
        let [to, from] = ["to", "from"].map(|name| folder.join(name));
        assert!(Command::new("mkfifo").args([&to, &from]).status().expect("mkfifo").success());
        // Where the tests run as root, or without user namespaces, its own sandbox can't be had. The frames of mails are looked into,
        // so they stay in the process of the page.
        let script = "exec \"$0\" --headless --no-sandbox --disable-gpu --no-first-run --disable-dev-shm-usage \
             --disable-features=IsolateSandboxedIframes --no-proxy-server --remote-debugging-pipe \
             --user-data-dir=\"$1\" --host-resolver-rules=\"$2\" about:blank 3<\"$3\" 4>\"$4\"";
        let mut command = Command::new("sh");
        command.args(["-c", script, program]).arg(folder.join("profile"));
        let own = [("localhost:8080", app.address)];
        let rules: Vec<_> = own.iter().chain(others).map(|(name, address)| format!("MAP {name} {address}")).collect();
        command.arg(rules.join(",")).args([&to, &from]).env("HOME", &folder);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a shell");
        let to = OpenOptions::new().write(true).open(to).expect("a pipe");
        let pipe = File::open(from).expect("a pipe");
        let (sender, from) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(pipe).split(0).map_while(Result::ok) {
                let _ = sender.send(serde_json::from_slice(&message).expect("JSON"));
            }
        });
        let mut browser = Self { child, folder, to, from, session: Value::Null, sent: 0 };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        browser.session = browser.call("Target.attachToTarget", attach)["sessionId"].clone();
        browser.call("Page.enable", json!({}));
        browser
    }

    /// Calls a method of the protocol.
    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.try_call(method, parameters).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn try_call(&mut self, method: &str, parameters: Value) -> Result<Value, Value> {
        self.sent += 1;
        let mut message = json!({ "id": self.sent, "method": method, "params": parameters });
        if self.session.is_string() {
            message["sessionId"] = self.session.clone();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).expect("a running browser");
        loop {
            let answer = self.from.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{method}: {error}"));
            if answer["id"] == self.sent {
                return if answer["error"].is_null() {
                    Ok(answer["result"].clone())
                } else {
                    Err(answer["error"].clone())
                };
            }
        }
    }

    /// The value of an expression in the page. Null while another page is being loaded.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        match self.try_call("Runtime.evaluate", parameters) {
            Ok(evaluated) => evaluated["result"]["value"].clone(),
            Err(error) if error["message"] == "Inspected target navigated or closed" => Value::Null,
            Err(error) => panic!("{expression}: {error}"),
        }
    }

    /// Waits until an expression is true.
    pub(crate) fn until(&mut self, expression: &str) {
        let started = Stopwatch::start();
        while self.value(expression) != true {
            let text = || "document.URL + ' ' + document.documentElement.outerHTML";
            assert!(started.elapsed() < PATIENCE, "never: {expression}\n{}", self.value(text()));
        }
    }

    /// Opens an address below [`ORIGIN`] as if it was typed.
    pub(crate) fn open(&mut self, path: &str) {
        self.visit(&format!("{ORIGIN}{path}"));
    }

    /// Opens an address as if it was typed.
    pub(crate) fn visit(&mut self, url: &str) {
        self.call("Page.navigate", json!({ "url": "about:blank" }));
        self.call("Page.navigate", json!({ "url": url }));
        self.until("document.readyState === 'complete'");
    }

    /// The text that is shown.
    pub(crate) fn text(&mut self) -> String {
        self.value("document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Clicks on the middle of the first line of an element, as a person does.
    pub(crate) fn click(&mut self, selector: &str) {
        let place = format!(
            "(() => {{ const it = document.querySelector({selector:?}); it.scrollIntoView({{ block: 'center' }}); \
             const [line] = it.getClientRects(); return [line.x + line.width / 2, line.y + line.height / 2]; }})()"
        );
        let place = self.value(&place);
        self.click_at(&place[0], &place[1]);
    }

    /// Clicks on a link in the frame of the page.
    pub(crate) fn click_in_frame(&mut self, selector: &str) {
        self.until("document.querySelector('iframe') !== null");
        self.value("document.querySelector('iframe').scrollIntoView({ block: 'center' })");
        let started = Stopwatch::start();
        let node = loop {
            let root = self.call("DOM.getDocument", json!({ "depth": -1, "pierce": true }));
            let frame = find(&root["root"], &|node| node["contentDocument"].is_object());
            let link = frame.and_then(|frame| {
                let ours = |node: &Value| node["nodeName"] == "A" && node["attributes"].to_string().contains(selector);
                find(&frame["contentDocument"], &ours).map(|link| link["nodeId"].clone())
            });
            match link {
                Some(link) => break link,
                None => assert!(started.elapsed() < PATIENCE, "no link in the frame: {root}"),
            }
        };
        self.call("DOM.scrollIntoViewIfNeeded", json!({ "nodeId": node }));
        let quad = self.call("DOM.getContentQuads", json!({ "nodeId": node }))["quads"][0].clone();
        let middle = |one: usize, other: usize| {
            json!((quad[one].as_f64().expect("a place") + quad[other].as_f64().expect("a place")) / 2.0)
        };
        self.click_at(&middle(0, 4), &middle(1, 5));
    }

    fn click_at(&mut self, x: &Value, y: &Value) {
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event);
        }
    }

    /// Types into whatever has the focus.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Presses a key in whatever has the focus.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            _ => panic!("a key that this does not know: {key}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// From now on the browser's user prefers this language.
    pub(crate) fn speak(&mut self, language: &str) {
        let agent = self.value("navigator.userAgent");
        self.call("Emulation.setUserAgentOverride", json!({ "userAgent": agent, "acceptLanguage": language }));
    }

    /// Puts pictures of the page into the folder that `PORTCULLIS_TEST_PICTURES` names, for people: narrow and wide, light and dark.
    pub(crate) fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("PORTCULLIS_TEST_PICTURES").map(PathBuf::from) else { return };
        for (width, height) in [(360, 740), (900, 900)] {
            for scheme in ["light", "dark"] {
                let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
                self.call("Emulation.setDeviceMetricsOverride", size);
                let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
                self.call("Emulation.setEmulatedMedia", feature);
                // The next frame has all of that.
                self.value(
                    "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))",
                );
                let whole = json!({ "format": "png", "captureBeyondViewport": true });
                let picture =
                    self.call("Page.captureScreenshot", whole)["data"].as_str().expect("a picture").to_owned();
                let file = folder.join(format!("{name}-{width}-{scheme}.png"));
                fs::write(file, STANDARD.decode(picture).expect("base64")).expect("a file");
            }
        }
        self.call("Emulation.clearDeviceMetricsOverride", json!({}));
    }
}

fn find<'a>(node: &'a Value, is_it: &dyn Fn(&Value) -> bool) -> Option<&'a Value> {
    if is_it(node) {
        return Some(node);
    }
    let children = node["children"].as_array().into_iter().flatten();
    children.chain(node.get("contentDocument")).find_map(|child| find(child, is_it))
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
