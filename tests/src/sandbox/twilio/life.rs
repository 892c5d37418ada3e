//! What becomes of a text after it was taken.

use std::sync::Arc;

use super::{Accepted, Callback, Rule, Server, Status, server::pause, sign, webhook};

/// Sends it on, ends it as its number says, and tells whoever wants to be told.
pub(super) async fn live(server: Arc<Server>, accepted: Accepted, rule: Option<Rule>) {
    let switches = server.switches();
    let (end, code) = match (rule, switches.undelivered_code) {
        (Some(Rule::End(end, code)), _) => (end, Some(code)),
        (_, Some(code)) => (Status::Undelivered, Some(code)),
        _ => (Status::Delivered, None),
    };
    progress(&server, &accepted, Status::Sent, None);
    let carried = async {
        pause(switches.delivery_delay_ms).await;
        progress(&server, &accepted, end, code);
    };
    if switches.callbacks_reordered {
        server.note_switched();
        carried.await;
        tell(&server, &accepted, end, code).await;
        tell(&server, &accepted, Status::Sent, None).await;
    } else {
        tokio::join!(carried, tell(&server, &accepted, Status::Sent, None));
        tell(&server, &accepted, end, code).await;
    }
}

fn progress(server: &Server, accepted: &Accepted, status: Status, code: Option<u32>) {
    let now = server.now();
    server.change(|records| records.progress(&accepted.sid, status, code, now));
}

/// Makes a status callback, as soon and as often as the switches want.
async fn tell(server: &Server, accepted: &Accepted, status: Status, code: Option<u32>) {
    let Some(url) = &accepted.callback else { return };
    if server.switches().callbacks_held {
        server.note_switched();
        server.until(|switches| !switches.callbacks_held).await;
    }
    let switches = server.switches();
    if switches.callbacks_doubled {
        server.note_switched();
    }
    let times = match (switches.callbacks_off, switches.callbacks_doubled) {
        (true, _) => 0,
        (false, true) => 2,
        (false, false) => 1,
    };
    let parameters = server.status(accepted, status, code);
    let signature = sign(&server.settings.auth_token, url, &parameters);
    for _ in 0..times {
        let _turn = server.calls.acquire().await;
        let reply = webhook::post(server, url, &parameters, &signature).await;
        let answer = reply.ok().map(|reply| reply.status);
        server.change(|records| records.note(Callback { sid: Arc::clone(&accepted.sid), status, answer }));
    }
}
