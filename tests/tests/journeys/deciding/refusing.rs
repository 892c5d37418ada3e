//! What is not sent again, and who does not decide.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_go_is_refused_in_words_and_stays_to_be_decided() {
    let world = World::new().await;
    let cases: [(&str, &str, &str); 8] = [
        ("cancelled", "UPDATE batches SET cancelled_at = app_now() WHERE id = $1", "batch was cancelled"),
        ("late", "UPDATE batches SET not_after = app_now() WHERE id = $1", "a time that has passed"),
        (
            "revoked",
            "UPDATE invitations SET ended_as = 'revoked', ended_at = app_now(), code_sealed = NULL, code_sealed_key = NULL
             FROM deliveries d WHERE d.invitation_id = invitations.id AND d.batch_id = $1",
            "invitation was cancelled",
        ),
        (
            "replaced",
            "UPDATE invitations SET ended_as = 'replaced', ended_at = app_now(), code_sealed = NULL, code_sealed_key = NULL
             FROM deliveries d WHERE d.invitation_id = invitations.id AND d.batch_id = $1",
            "replaced by another",
        ),
        (
            "expired",
            "UPDATE invitations SET expires_at = app_now() FROM deliveries d
             WHERE d.invitation_id = invitations.id AND d.batch_id = $1",
            "has expired",
        ),
        (
            "erased",
            "UPDATE contacts SET address = NULL, name = NULL, erased_at = app_now() FROM deliveries d
             WHERE d.contact_id = contacts.id AND d.batch_id = $1",
            "was deleted",
        ),
        (
            "suppressed",
            "INSERT INTO suppressions (id, community_id, channel, address_hash, address_masked, reason)
             SELECT gen_random_uuid(), c.community_id, 'email', c.address_hash, 's•••@e•••.org', 'unsubscribed'
             FROM contacts c JOIN deliveries d ON d.contact_id = c.id WHERE d.batch_id = $1",
            "asked not to write there",
        ),
        (
            "stopped",
            "INSERT INTO suppressions (id, channel, address_hash, address_masked, reason)
             SELECT gen_random_uuid(), 'email', c.address_hash, 's•••@e•••.org', 'not_me'
             FROM contacts c JOIN deliveries d ON d.contact_id = c.id WHERE d.batch_id = $1",
            "asked not to write there",
        ),
    ];
    for (name, statement, words) in cases {
        let (batch, delivery) = world.unknown_email(name).await;
        let id: Uuid = batch.parse().unwrap();
        sqlx::query(statement).bind(id).execute(&world.installation.pool).await.unwrap();
        let said = world.refused(delivery, "send-again", 409, "cannot-be-sent").await;
        assert!(said.contains(words) && said.contains("Nothing was sent"), "{name}: {said}");
        let status = world.batch(&batch).await;
        assert_eq!(status["counts"]["needs_decision"], 1, "{name}: {status}");
        assert_eq!(world.newest(&batch).await, delivery, "{name}");
        assert_eq!(world.done(delivery, "leave", "left", "cancelled").await, None, "{name}");
    }
    world.until_redis_is_empty().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_is_not_sent_again_where_texts_are_not_set_up_any_more() {
    let world = World::with(&[("PORCHLIGHT_SMS_PROVIDER", "off")]).await;
    let (_, delivery) = world.unknown_email("ada").await;
    world.sql("UPDATE batches SET channel = 'text', consent_statement = 'On the form.'").await;
    world.sql("UPDATE deliveries SET channel = 'text'").await;
    world.refused(delivery, "send-again", 422, "channel-not-set-up").await;
    assert_eq!(world.done(delivery, "leave", "left", "cancelled").await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_decides_for_another_community_or_where_nothing_is_asked() {
    let world = World::new().await;
    let (batch, delivery) = world.unknown_email("ada").await;
    let other = world.installation.create_community("Elm Court", &[]).await.unwrap();
    for path in [
        format!("deliveries/{delivery}/send-again"),
        format!("deliveries/{delivery}/leave"),
        "deliveries/nonsense/leave".to_owned(),
        format!("deliveries/{batch}/send-again"),
    ] {
        let answer = world.client.post(&other, &path, Vec::new(), &[]).await.unwrap();
        assert_eq!(answer.status, 404, "{path}: {}", answer.body);
    }
    assert_eq!(world.state_at(delivery).await, "needs_decision");
    let waiting = world.send(&rows(1)).await;
    let waiting = world.newest(&waiting).await;
    for choice in ["send-again", "leave"] {
        let said = world.refused(waiting, choice, 409, "nothing-to-decide").await;
        assert!(said.contains("`queued`") && said.contains("It waits for its turn."), "{said}");
    }
    // A program may decide that may send.
    let token = world
        .installation
        .api_command(&[
            "admin",
            "create-token",
            "--community",
            &world.oakridge.id,
            "--role",
            "service",
            "--json",
        ])
        .await
        .unwrap();
    let token: Value = serde_json::from_str(&token).unwrap();
    let mut service = world.oakridge.clone();
    token["token"].as_str().unwrap().clone_into(&mut service.token);
    let path = format!("deliveries/{delivery}/leave");
    assert_eq!(world.client.post(&service, &path, Vec::new(), &[]).await.unwrap().status, 200);
}
