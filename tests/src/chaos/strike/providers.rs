//! Providers that hang up, are slow, have enough, or tell us late, twice and in the wrong order.

use super::{ARRIVAL, TROUBLE};
use crate::{
    chaos::{Run, fleet::CONNECTIONS},
    installation::Failure,
    sandbox::{smtp, twilio},
};

impl Run {
    /// Ends all connections for e-mail when they are at a stage.
    pub(super) async fn reset_mail(&mut self, stage: smtp::Stage) -> Result<(), Failure> {
        let smtp = &self.fleet.installation.smtp;
        let barrier = smtp.barrier();
        barrier.close(stage);
        self.feed().await?;
        let held = barrier.wait_for(2 * CONNECTIONS, ARRIVAL).await;
        smtp.cut();
        barrier.open();
        if held == 0 { Err(format!("no conversation came to {stage:?}").into()) } else { Ok(()) }
    }

    /// New connections for e-mail find a provider in trouble.
    pub(super) async fn trouble_mail(&mut self, switches: smtp::Switches) -> Result<(), Failure> {
        let before = self.fleet.installation.smtp.switched();
        self.fleet.installation.smtp.set(switches);
        self.fleet.installation.smtp.cut();
        self.feed().await?;
        tokio::time::sleep(TROUBLE).await;
        let smtp = &self.fleet.installation.smtp;
        self.fleet.until("somebody felt it", ARRIVAL, async || Ok(smtp.switched() > before)).await?;
        smtp.set(smtp::Switches::default());
        Ok(())
    }

    /// The same for texts and what is told about them.
    pub(super) async fn trouble_texts(&mut self, switches: twilio::Switches) -> Result<(), Failure> {
        let before = self.fleet.installation.twilio.switched();
        self.fleet.installation.twilio.set(switches);
        self.feed_and_move().await?;
        tokio::time::sleep(TROUBLE).await;
        let twilio = &self.fleet.installation.twilio;
        self.fleet.until("somebody felt it", ARRIVAL, async || Ok(twilio.switched() > before)).await?;
        twilio.set(twilio::Switches::default());
        Ok(())
    }
}
