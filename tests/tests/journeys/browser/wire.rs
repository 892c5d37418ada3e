//! What Chromium is told, and what it tells of a tab beyond what a person sees.
//!
//! Orders and answers are plain JSON, because the crate's types insist on fields that newer versions leave out.

use std::collections::HashSet;

use chromiumoxide::{
    Command, Method, Page,
    cdp::{
        browser_protocol::{
            log::{EventEntryAdded, LogEntryLevel},
            network::{EventLoadingFinished, EventRequestWillBeSent, RequestId, ResourceType},
        },
        js_protocol::runtime::{ConsoleApiCalledType, EventConsoleApiCalled, EventExceptionThrown},
    },
    listeners::EventStream,
    types::MethodId,
};
use futures_util::{FutureExt, StreamExt};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{PATIENCE, STEP, Tab, axe_source};

const AXE: &str =
    "axe.run(document, { resultTypes: ['violations'], preload: false }).then(result => result.violations
    .filter(found => ['serious', 'critical'].includes(found.impact))
    .map(found => `${found.impact}: ${found.help} (${found.id})\\n`
        + found.nodes.map(node => `  ${node.html}\\n  ${node.failureSummary}`).join('\\n')))";

impl Tab {
    /// What axe-core finds serious or critical on the page, in words. `None` where there is no axe-core.
    pub(crate) async fn axe(&self) -> Option<Vec<String>> {
        let source = axe_source()?;
        // It waits by timers, which rest while script is off. The page's own scripts had their time and stay silent.
        self.allow_script(true).await;
        self.value(&format!("{source};null")).await;
        let found = self.value(AXE).await;
        self.allow_script(self.script).await;
        Some(found.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect())
    }

    /// The addresses that pages asked for since the tab was opened, blocked ones too, data in the page itself not.
    pub(crate) async fn requests(&self) -> Vec<String> {
        self.seen(|seen| seen.requests.clone()).await
    }

    /// The bytes that came since the tab was opened, heads too, as they went over the wire. What the browser had kept
    /// weighs nothing, and neither does what has not ended yet.
    pub(crate) async fn bytes_loaded(&self) -> f64 {
        self.seen(|seen| seen.bytes).await
    }

    /// What went wrong since the tab was opened: what a policy blocked, what did not load, what scripts complained about
    /// or threw. The status of a page is not among it: a journey knows which to expect.
    pub(crate) async fn console_errors(&self) -> Vec<String> {
        self.seen(|seen| seen.errors.clone()).await
    }

    /// The cookies that go with this page, as Chromium describes them: `name`, `value`, `httpOnly`, `sameSite`, ….
    pub(crate) async fn cookies(&self) -> Vec<Value> {
        self.order("Network.getCookies", json!({})).await["cookies"].as_array().unwrap().clone()
    }

    /// Sets a cookie as this page's server might.
    pub(crate) async fn set_cookie(&self, name: &str, value: &str) {
        let cookie = json!({"name": name, "value": value, "url": self.url().await});
        assert_eq!(self.order("Network.setCookie", cookie).await["success"], true);
    }

    /// The value of an expression, a promise's once it is kept.
    pub(super) async fn value(&self, expression: &str) -> Value {
        let began = Instant::now();
        loop {
            match self.evaluate(expression).await {
                Ok(mut answer) => {
                    let thrown = &answer["exceptionDetails"];
                    assert!(thrown.is_null(), "{expression:.200} threw {thrown}");
                    return answer["result"]["value"].take();
                }
                // The page that was asked has just been left.
                Err(error) => assert!(began.elapsed() < PATIENCE, "{expression:.200}: {error}"),
            }
            tokio::time::sleep(STEP).await;
        }
    }

    /// The value of an expression that is a string.
    pub(super) async fn string(&self, expression: &str) -> String {
        self.value(expression).await.as_str().unwrap().to_owned()
    }

    /// What Chromium answers to an expression. It evaluates also where script is off: that stops what pages bring, their
    /// handlers and all timers, but not what comes from here.
    pub(super) async fn evaluate(&self, expression: &str) -> Result<Value, String> {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        self.ask("Runtime.evaluate", params).await
    }

    pub(super) async fn allow_script(&self, allowed: bool) {
        self.order("Emulation.setScriptExecutionDisabled", json!({"value": !allowed})).await;
    }

    /// An order that Chromium follows.
    pub(super) async fn order(&self, method: &'static str, params: Value) -> Value {
        self.ask(method, params).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    async fn ask(&self, method: &'static str, params: Value) -> Result<Value, String> {
        let answer = self.page.execute(Order { method, params }).await;
        answer.map(|answer| answer.result).map_err(|error| error.to_string())
    }

    async fn seen<T>(&self, read: impl FnOnce(&Seen) -> T) -> T {
        // Events that came before this order are in their streams before it goes out.
        self.value("null").await;
        let mut seen = self.seen.lock().unwrap();
        seen.catch_up();
        read(&seen)
    }
}

/// A command as the protocol's documents have it.
#[derive(Debug)]
struct Order {
    method: &'static str,
    params: Value,
}

impl Serialize for Order {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.params.serialize(serializer)
    }
}

impl Method for Order {
    fn identifier(&self) -> MethodId {
        self.method.into()
    }
}

impl Command for Order {
    type Response = Value;
}

/// What was seen of a tab, and the streams in which more of it waits.
pub(super) struct Seen {
    sent: EventStream<EventRequestWillBeSent>,
    finished: EventStream<EventLoadingFinished>,
    logged: EventStream<EventEntryAdded>,
    called: EventStream<EventConsoleApiCalled>,
    thrown: EventStream<EventExceptionThrown>,
    requests: Vec<String>,
    /// Which of the requests were for pages.
    pages: HashSet<RequestId>,
    bytes: f64,
    errors: Vec<String>,
}

impl Seen {
    pub(super) async fn of(page: &Page) -> Self {
        Self {
            sent: page.event_listener().await.unwrap(),
            finished: page.event_listener().await.unwrap(),
            logged: page.event_listener().await.unwrap(),
            called: page.event_listener().await.unwrap(),
            thrown: page.event_listener().await.unwrap(),
            requests: Vec::new(),
            pages: HashSet::new(),
            bytes: 0.0,
            errors: Vec::new(),
        }
    }

    fn catch_up(&mut self) {
        while let Some(Some(event)) = self.sent.next().now_or_never() {
            if event.r#type == Some(ResourceType::Document) {
                self.pages.insert(event.request_id.clone());
            }
            if !event.request.url.starts_with("data:") {
                self.requests.push(event.request.url.clone());
            }
        }
        while let Some(Some(event)) = self.finished.next().now_or_never() {
            self.bytes += event.encoded_data_length;
        }
        while let Some(Some(event)) = self.logged.next().now_or_never() {
            let entry = &event.entry;
            let is_status = entry.network_request_id.as_ref().is_some_and(|id| self.pages.contains(id));
            if entry.level == LogEntryLevel::Error && !is_status {
                let at = entry.url.as_deref().unwrap_or_default();
                self.errors.push(format!("{:?}: {} ({at})", entry.source, entry.text));
            }
        }
        while let Some(Some(event)) = self.called.next().now_or_never() {
            if event.r#type == ConsoleApiCalledType::Error {
                let told = event.args.iter().map(|it| match (&it.description, &it.value) {
                    (Some(description), _) => description.clone(),
                    (None, value) => value.as_ref().map(Value::to_string).unwrap_or_default(),
                });
                self.errors.push(format!("Console: {}", told.collect::<Vec<_>>().join(" ")));
            }
        }
        while let Some(Some(event)) = self.thrown.next().now_or_never() {
            let details = &event.exception_details;
            let thrown = details.exception.as_ref().and_then(|it| it.description.as_deref());
            self.errors.push(format!("Thrown: {}", thrown.unwrap_or(&details.text)));
        }
    }
}
