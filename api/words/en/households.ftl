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

## The list

households-everybody = All households
households-count = { $count ->
    [one] 1 household
   *[other] { $count } households
}
# $count: those that stand at what is chosen
households-some = { $count } of { $all ->
    [one] 1 household
   *[other] { $all } households
}
households-list = The list
households-empty = There are no households yet
households-empty-next = They come with the first list that is sent or imported.
households-none-like-that = No household is like that right now.
households-show-everybody = Show everybody
households-pass-handed-over = A pass was handed over { $at }.
# $serial: six digits
households-pass-printed = Pass { $serial } is printed, and not marked as handed over.

## Choosing some of them

choosing-page = Choose all on this page
choosing-one = Choose <bdi>{ $who }</bdi>
choosing-what = What to do
choosing-none-chosen = None chosen
# $chosen and $all: households of the page; the script fills the first in
choosing-some-chosen = { $chosen } of { $all } chosen
choosing-all-chosen = All { $count } chosen
choosing-matching = All { $count } that match, not only those on this page
choosing-resend = Send again
choosing-pass = Print access passes
choosing-extend = Hold for 30 days from today
choosing-revoke = Cancel the invitations
choosing-fault-nobody = Choose at least one household first.
choosing-fault-too-many = More than { $most } households match. Narrow the list by a search first.
choosing-too-large = Those are too many at once
choosing-too-large-next = Choose fewer households, or narrow the list by a search. Nothing was done.

## Asking before it is done at those

choosing-back = Back to the list
choosing-keep = Keep them
choosing-who = Who they are
choosing-and-more = and { $count } more
choosing-not-about = Nothing is done about
# $line: the sentence before it, for those who do not see that it stands there
choosing-not-about-who = Who<span class="away">: { $line }</span>

choosing-resend-ask = { $count ->
    [one] Send again to 1 household?
   *[other] Send again to { $count } households?
}
choosing-resend-do = { $count ->
    [one] Send again to 1 household
   *[other] Send again to { $count } households
}
choosing-resend-nobody = Nobody can be written to again now
choosing-resend-means = { $count ->
    [one] The invitation goes once more to every address of the household that may be written to, with the same access code.
   *[other] The invitations go once more to every address of these households that may be written to, each with the same access code.
}

choosing-pass-ask = { $count ->
    [one] Print 1 access pass?
   *[other] Print { $count } access passes?
}
choosing-pass-do = { $count ->
    [one] Print 1 access pass
   *[other] Print { $count } access passes
}
choosing-pass-nobody = There is nobody to print for
choosing-pass-means = A pass carries the household’s own access code. It can be used for 90 days at least. You see the sheets before you print them.

choosing-extend-ask = { $count ->
    [one] Hold 1 invitation for 30 days from today?
   *[other] Hold { $count } invitations for 30 days from today?
}
choosing-extend-do = { $count ->
    [one] Hold 1 invitation for 30 days from today
   *[other] Hold { $count } invitations for 30 days from today
}
choosing-extend-nobody = There is nothing to hold longer
choosing-extend-means = { $count ->
    [one] The access code can be used for 30 days from today. It stays the same, and nothing is sent.
   *[other] The access codes can be used for 30 days from today. They stay the same, and nothing is sent.
}

choosing-revoke-ask = { $count ->
    [one] Cancel 1 invitation?
   *[other] Cancel { $count } invitations?
}
choosing-revoke-do = { $count ->
    [one] Cancel 1 invitation
   *[other] Cancel { $count } invitations
}
choosing-revoke-nobody = There is nothing to cancel
choosing-replace-ask = { $count ->
    [one] Replace the access codes of 1 household?
   *[other] Replace the access codes of { $count } households?
}
choosing-replace-do = { $count ->
    [one] Replace the access codes of 1 household
   *[other] Replace the access codes of { $count } households
}
choosing-replace-nobody = There is nothing to replace
choosing-ends-means = { $count ->
    [one] From then on the access code lets nobody in: neither from e-mails and texts that have arrived, nor from a printed pass. What waits to be sent with it is taken back.
   *[other] From then on their access codes let nobody in: neither from e-mails and texts that have arrived, nor from printed passes. What waits to be sent with them is taken back.
}
choosing-ends-for-good = { $count ->
    [one] This cannot be undone. You can invite the household again later: it gets a new code then.
   *[other] This cannot be undone. You can invite these households again later: they get new codes then.
}

choosing-new-codes = { $count ->
    [one] 1 of them has no valid access code: it gets a new one.
   *[other] { $count } of them have no valid access code: they get new ones.
}
# $more: how many do not fit
choosing-too-many = { $more ->
    [one] At most { $most } at once. Do the same again afterwards for the other one.
   *[other] At most { $most } at once. Do the same again afterwards for the other { $more }.
}
choosing-too-many-passes = { $more ->
    [one] At most { $most } at once, those first who have no pass yet. Do the same again afterwards for the other one.
   *[other] At most { $most } at once, those first who have no pass yet. Do the same again afterwards for the other { $more }.
}

## Why nothing is done at some

choosing-left-joined = { $count ->
    [one] 1 household has joined.
   *[other] { $count } households have joined.
}
choosing-left-lately = { $count ->
    [one] 1 household was written to within the last 24 hours, or a message is on its way.
   *[other] { $count } households were written to within the last 24 hours, or a message is on its way.
}
choosing-left-often = { $count ->
    [one] 1 household was sent this invitation { $most } times: more is not allowed. Print a pass.
   *[other] { $count } households were sent this invitation { $most } times: more is not allowed. Print a pass.
}
choosing-left-nobody = { $count ->
    [one] 1 household cannot be written to: no good address is known, or messages there are stopped. Mend the address, or print a pass.
   *[other] { $count } households cannot be written to: no good address is known, or messages there are stopped. Mend the addresses, or print passes.
}
choosing-left-cancelled = { $count ->
    [one] 1 household had its invitation cancelled. Open it to invite it anew.
   *[other] { $count } households had their invitations cancelled. Open each to invite it anew.
}
choosing-left-no-code = { $count ->
    [one] 1 household has no valid access code.
   *[other] { $count } households have no valid access code.
}
choosing-left-long-enough = { $count ->
    [one] 1 household has an access code that can be used for about 30 days or longer already.
   *[other] { $count } households have access codes that can be used for about 30 days or longer already.
}
choosing-left-changed = { $count ->
    [one] 1 household changed meanwhile. Open it to see how it stands.
   *[other] { $count } households changed meanwhile. Look at them again.
}
choosing-left-for-later = { $count ->
    [one] 1 household is left for the next time: do the same again.
   *[other] { $count } households are left for the next time: do the same again.
}

## What was just done at many

choosing-told-resent = { $count ->
    [one] The invitation is on its way again to 1 household.
   *[other] The invitation is on its way again to { $count } households.
}
choosing-told-none-resent = Nothing was sent again.
choosing-told-extended = { $count ->
    [one] 1 access code can be used for 30 days from today.
   *[other] { $count } access codes can be used for 30 days from today.
}
choosing-told-none-extended = No access code holds longer than before.
choosing-told-revoked = { $count ->
    [one] 1 invitation is cancelled: its access code lets nobody in any more.
   *[other] { $count } invitations are cancelled: their access codes let nobody in any more.
}
choosing-told-none-revoked = No invitation was cancelled.
choosing-told-none-printed = No pass was printed.
choosing-told-left = Nothing was done about these:

## On the page of what was printed

households-pass-left = { $count ->
    [one] 1 household changed meanwhile. It has no pass among these.
   *[other] { $count } households changed meanwhile. They have no pass among these.
}
