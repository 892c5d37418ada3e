//! Who changes settings, and several who do at once.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_owners_change_settings() {
    let world = World::new().await;
    let board = world.board().await;
    assert!(board.page("/settings").await.contains("Save settings"));
    world.demote().await;
    let page = board.page("/settings").await;
    assert!(page.contains("Only owners change settings") && !page.contains("Save settings"), "{page}");
    assert!(page.contains("<fieldset class=\"bare\" disabled>"));
    let (status, page) = board.save_settings(&whole(), None).await;
    assert!(status == 403 && page.contains("Nothing was changed"), "{page}");
    // The same through the HTTP API.
    let change = json!({"name": "Oakridge Homeowners"});
    for role in ["leader", "service"] {
        let token = world.installation.create_token(&world.oakridge, role).await.unwrap();
        let (status, problem) = world.community_change(&token, &change).await;
        assert_eq!((status, &problem["type"]), (403, &json!("/problems/forbidden")), "{role}");
        assert_eq!(world.community(&token).await["name"], json!("Oakridge HOA"));
    }
    let owner = world.installation.create_token(&world.oakridge, "owner").await.unwrap();
    let (status, shown) = world.community_change(&owner, &change).await;
    assert_eq!((status, &shown["name"], &shown["ready"]), (200, &json!("Oakridge Homeowners"), &json!(true)));
    // Each field that does not fit, by its place; and nothing is changed.
    let change = json!({
        "name": "Other", "colour": "#ffffff", "contact": null, "time_zone": "x", "portal_url": "ftp://x",
        "text_window": "always",
    });
    let (status, problem) = world.community_change(&owner, &change).await;
    let pointers: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    assert_eq!(status, 422, "{problem}");
    assert_eq!(pointers, ["/colour", "/contact", "/time_zone", "/text_window", "/portal_url"]);
    assert_eq!(world.community_change(&owner, &json!({"ready": true})).await.0, 422);
    assert_eq!(world.community(&owner).await["name"], json!("Oakridge Homeowners"));
    let window = json!({"text_window": "Mon-Fri 10:00-18:00", "time_zone": "Europe/Paris", "no_logo": true});
    let (_, shown) = world.community_change(&owner, &window).await;
    assert_eq!(shown["text_window"], json!("Mon-Fri 10:00-18:00"));
    // A stranger's token learns nothing.
    let other = world.installation.create_community("Riverside", &[]).await.unwrap();
    let stranger = Community { id: world.oakridge.id.clone(), token: other.token };
    assert_eq!(world.community_change(&stranger, &json!({})).await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_owners_do_not_undo_each_other_unseen() {
    let world = World::new().await;
    let birchwood = world.prepared().await;
    let board = world.board_of(&birchwood).await;
    board.save_settings(&whole(), None).await;
    let seen = hidden(&board.page("/settings").await, "seen");
    let theirs = [("contact", "new@birchwood.example"), ("seen", seen.as_str())];
    let form = |changes: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        let mut fields: Vec<_> = whole().into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        for (name, value) in changes {
            fields.retain(|(known, _)| known != name);
            fields.push((name, (*value).to_owned()));
        }
        fields
    };
    let save = async |fields: &[(&'static str, String)]| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        board.save_settings(&fields, None).await
    };
    // Pressed twice it is saved as well.
    for _ in 0..2 {
        let (status, page) = save(&form(&theirs)).await;
        assert!(status == 200 && page.contains("Saved."), "{page}");
    }
    let (status, page) = save(&form(&[("name", "Birchwood HOA of 1985"), ("seen", &seen)])).await;
    assert!(status == 409 && page.contains("somebody changed the settings meanwhile"), "{page}");
    assert!(page.contains("Birchwood HOA of 1985") && page.contains("role=\"alert\""), "{page}");
    let shown = world.community(&birchwood).await;
    assert_eq!(shown["contact"], json!("new@birchwood.example"));
    assert_eq!(shown["name"], json!("Birchwood Homeowners Association"));
    // Whoever knows saves it all the same.
    let seen = hidden(&page, "seen");
    let (status, page) = save(&form(&[("name", "Birchwood HOA of 1985"), ("seen", &seen)])).await;
    assert!(status == 200, "{page}");
    assert_eq!(world.community(&birchwood).await["name"], json!("Birchwood HOA of 1985"));
}
