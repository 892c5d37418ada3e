# Who must not be written to.

stopped-title = Stopped
stopped-title-mistake = Mistake: Stopped
stopped-lead = Nobody writes to these: people who asked not to be contacted, and addresses at which a message came back for good. Addresses are not shown in whole.

## Looking for one

stopped-find = Is an address among them?
stopped-find-address = E-mail address or phone number, in whole
stopped-find-do = Find
stopped-found = What was found
stopped-found-none = This address is not stopped: it may be written to.
stopped-misfit = Write an e-mail address or a phone number in whole.
stopped-misfit-email = There is a mistake in this e-mail address. It looks like name@example.org.

## The list

stopped-all = All of them
stopped-all-none = Nobody is stopped.
stopped-all-show = Show all
stopped-older = Older ones
stopped-who = Who
stopped-who-deleted = An address that was deleted
stopped-since = Since
stopped-why = Why
# $who: a masked address
stopped-lift = Write there again<span class="away">: { $who }</span>

## Why

stopped-why-unsubscribed = Stopped messages with the link in one.
stopped-why-opted-out = Answered STOP.
stopped-why-complained = Reported a message as unwanted.
stopped-why-hard-bounced = A message came back for good.
stopped-why-not-me = Said that they are not of the household.
stopped-why-leader = A leader said so.

## How they can be written to again

stopped-back-leader = You can lift this.
stopped-back-hard-bounced = Lift this if you know that the mailbox works again.
stopped-back-opted-out = Only they can lift this: by answering START.
stopped-back-theirs = Only they can change that. Print an access pass, or talk to them in person.

## Stopping one

stopped-add = Stop an address by hand
stopped-add-when = Somebody told you in person that they want no messages.
stopped-add-address = Their e-mail address or phone number
stopped-add-do = Stop messages to it

## What was done, or was not

stopped-added = Nobody writes to this address from here any more.
stopped-known = This address was kept back already.
stopped-lifted = This address may be written to again.
stopped-lifted-still = This is lifted, but nobody writes to this address yet: something else keeps it back for all communities here.
stopped-lifted-before = That was lifted already.
stopped-theirs = They asked not to be contacted
stopped-theirs-not-changed = Nothing was changed.
