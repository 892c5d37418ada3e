//! Providers that hang up, are slow, have enough, or tell us late, twice and in the wrong order.

use super::{ARRIVAL, TROUBLE};
use crate::{
    chaos::{Run, fleet::CONNECTIONS, row::Row},
    installation::Failure,
    sandbox::{smtp, twilio},
};

impl Run {
    pub(super) async fn strike_provider(&mut self, row: Row) -> Result<(), Failure> {
        match row {
            Row::MailReset | Row::MailResetEarly => {
                let stage = if row == Row::MailReset { smtp::Stage::Taken } else { smtp::Stage::Data };
                self.fleet.installation.smtp.hold_at(stage);
                self.feed().await?;
                self.fleet.installation.smtp.wait_for_held(2 * CONNECTIONS, ARRIVAL).await;
                self.fleet.installation.smtp.cut();
                self.fleet.installation.smtp.release();
                Ok(())
            }
            Row::MailSlow | Row::MailAway => {
                let switches = if row == Row::MailSlow {
                    smtp::Switches { reply_delay_ms: 200, ..smtp::Switches::default() }
                } else {
                    smtp::Switches { refuse_greeting: true, ..smtp::Switches::default() }
                };
                self.fleet.installation.smtp.set(switches);
                self.fleet.installation.smtp.cut();
                self.feed().await?;
                tokio::time::sleep(TROUBLE).await;
                self.fleet.installation.smtp.set(smtp::Switches::default());
                Ok(())
            }
            _ => {
                let calm = twilio::Switches::default();
                let switches = match row {
                    Row::TextThrottled => twilio::Switches { throttle_ms: 2_000, ..calm },
                    Row::ReceiptsLate => twilio::Switches { callbacks_held: true, ..calm },
                    Row::ReceiptsDoubled => twilio::Switches { callbacks_doubled: true, ..calm },
                    _ => twilio::Switches { callbacks_reordered: true, ..calm },
                };
                self.fleet.installation.twilio.set(switches);
                self.feed().await?;
                self.some_progress().await?;
                tokio::time::sleep(TROUBLE).await;
                self.fleet.installation.twilio.set(calm);
                Ok(())
            }
        }
    }
}
