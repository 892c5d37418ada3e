//! What is known of households that never came is not kept for ever.

use serde_json::{Value, json};

use crate::world::World;

impl World {
    /// The addresses that are known, and how many have lapsed.
    async fn addresses(&self) -> (Vec<String>, i64) {
        let known =
            sqlx::query_scalar("SELECT address FROM contacts WHERE address IS NOT NULL ORDER BY address");
        let lapsed = "SELECT count(*) FROM contacts WHERE lapsed AND address IS NULL AND name IS NULL";
        (known.fetch_all(&self.installation.pool).await.unwrap(), self.count(lapsed).await)
    }

    /// Lets a worker deliver what is due.
    async fn deliver(&mut self) {
        let worker = self.installation.start_worker().await.unwrap();
        let on_its_way = "SELECT count(*) FROM deliveries WHERE state <> 'accepted'";
        self.until("the messages went", async || self.count(on_its_way).await == 0).await;
        worker.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_household_that_never_came_is_forgotten_and_can_be_invited_again() {
    let mut world = World::new().await;
    let list = [
        json!({"email": "ada@example.org", "name": "Ada", "unit": "1 Elm Street"}),
        json!({"email": "bo@example.org", "name": "Bo"}),
        json!({"email": "cy@example.org", "name": "Cy"}),
        json!({"email": "di@example.org", "name": "Di"}),
    ];
    world.send(&list).await;
    world.deliver().await;
    let codes = world.codes().await;

    // Bo comes; Di asks for a new code when hers has run out, and nobody answers.
    world.join_page(&codes["bo@example.org"], "name=Bo&contact=bo%40example.org").await;
    world.ahead("31 days").await;
    let visitor = world.stranger();
    let ask = format!("/j/{}/ask", codes["di@example.org"].plain());
    let (status, page) = visitor.submit(&ask, "what=new_code").await;
    assert!(status == 200 && page.contains("Your community was asked"), "{page}");
    world.look_through().await;
    world.ahead("89 days").await;
    world.look_through().await;
    assert_eq!(world.addresses().await.1, 0, "not before its time");
    world.ahead("2 days").await;
    world.look_through().await;
    assert_eq!(world.addresses().await, (vec!["bo@example.org".to_owned(), "di@example.org".to_owned()], 2));
    let board = world.board().await;
    let page = board.page("/households").await;
    assert!(
        !page.contains("ada@") && page.contains("1 Elm Street") && page.contains("Details deleted"),
        "{page}"
    );

    // The request is answered: what was waited for goes with the rest.
    let open = world.requests().await;
    let [request] = &open[..] else { panic!("{open:?}") };
    assert_eq!(world.answer(request, "decline", &Value::Null).await.0, 200);
    world.ahead("1 hour").await;
    world.look_through().await;
    assert_eq!(world.addresses().await, (vec!["bo@example.org".to_owned()], 3), "whoever came stays");

    // A list brings them back to the household that they were, with a new code and the address of today.
    let households = "SELECT count(*) FROM households";
    assert_eq!(world.count(households).await, 4);
    let batch = world.send(&list).await;
    assert_eq!(world.batch(&batch).await["total"], json!(3), "one has joined");
    world.deliver().await;
    assert_eq!((world.installation.smtp.total(), world.count(households).await), (7, 4));
    assert_eq!(world.addresses().await.1, 0);
    let new = world.codes().await;
    assert_ne!(new["ada@example.org"], codes["ada@example.org"]);
    world.join_page(&new["cy@example.org"], "name=Cy&contact=cy%40example.org").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lapsed_address_is_typed_again_where_it_was_or_elsewhere() {
    let mut world = World::new().await;
    let list = [
        json!({"email": "ada@example.org", "unit": "1 Elm Street"}),
        json!({"email": "bo@example.org", "unit": "2 Elm Street"}),
    ];
    world.send(&list).await;
    world.deliver().await;
    let households: Vec<uuid::Uuid> =
        sqlx::query_scalar("SELECT household_id FROM contacts ORDER BY address")
            .fetch_all(&world.installation.pool)
            .await
            .unwrap();
    world.ahead("31 days").await;
    world.look_through().await;
    world.ahead("91 days").await;
    world.look_through().await;
    assert_eq!(world.addresses().await, (Vec::new(), 2));

    // A new code alone would reach nobody, and says so.
    let board = world.board().await;
    let home = format!("/households/{}", households[0]);
    let (status, page) = board.submit(&format!("{home}/resend"), "").await;
    assert!(status == 409 && page.contains("print a pass"), "{status} {page}");
    let (status, page) = board.submit(&format!("{home}/address"), "address=ada%40example.org").await;
    assert!(status == 200 && page.contains("ada@example.org"), "{status} {page}");
    // Whoever lived at one place lives at another now.
    let (status, page) = board.submit(&format!("{home}/address"), "address=bo%40example.org").await;
    assert!(status == 200 && page.contains("bo@example.org"), "{status} {page}");
    world.deliver().await;
    let (known, lapsed) = world.addresses().await;
    assert_eq!((world.installation.smtp.total(), known.len(), lapsed), (4, 2, 0));
}
