# Everybody, and what can be done with many at once.

## Where a household stands

standing-on-paper = On paper
standing-not-invited = Not invited
standing-joined-means = They have used their code.
standing-delivered-means = The invitation arrived. They have not joined yet.
standing-sent-means = The invitation is out. They have not joined yet.
standing-sending-means = The invitation is being sent right now.
standing-waiting-means = The invitation has not gone out yet.
standing-checking-means = The invitation may have arrived. We are finding out.
standing-problem-means = Somebody has to act before they can join.
standing-not-sent-means = The invitation does not go out any more.
standing-on-paper-means = They have a printed access pass, and no message.
standing-not-invited-means = Nothing was ever meant for them.

## Mended

households-pass-left = { $count ->
    [one] 1 household changed meanwhile. It has no pass among these.
   *[other] { $count } households changed meanwhile. They have no pass among these.
}
