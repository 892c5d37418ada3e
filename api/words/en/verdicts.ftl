# What is said of an entry of a list, and what helps.

## Clauses: a page makes a sentence of each
# $place: an earlier entry, as below
# $field: email, phone, name, unit or household

verdict-ready = ready to send
verdict-typo = the part after the @ looks like a typing mistake
verdict-lookalike = the part after the @ looks like another one and is written in other letters; type it anew
verdict-role = this mailbox is usually read by an office, not by a household
verdict-disposable = this provider's mailboxes last an hour or a day
verdict-landline = this is a landline; texts do not arrive there
verdict-not-a-mobile = this is a service number, not a mobile phone
verdict-unlikely-number = no carrier is known to have numbers like this one; look for a wrong digit
verdict-not-an-object = an entry is an object such as {"{"}"email": "…"{"}"}
verdict-unknown-field = an entry has email, phone, name, unit, household and accept, and nothing else
verdict-not-a-flag = accept must be true or false
verdict-no-email = this entry has no e-mail address
verdict-no-email-but-phone = this entry has a phone number and no e-mail address
verdict-no-phone = this entry has no phone number
verdict-no-phone-but-email = this entry has an e-mail address and no phone number
verdict-unknown-unit = this unit is not in the community's list of properties
verdict-incomplete = a part of this entry could not be kept; write it anew
verdict-not-a-home = this is an e-mail address, not a unit
verdict-no-household = this entry names neither a unit nor a household
verdict-already-joined = this household has joined already
verdict-overtaken = another list invited this household a moment ago
verdict-under-way = a message to this address is on its way
verdict-too-soon = this address was written to within the last 24 hours
verdict-too-often = this address was written to five times for this invitation
verdict-erased = whoever reads this address asked to be forgotten
verdict-already-listed = this household is listed already
verdict-opted-out = whoever reads this address asked not to be written to
verdict-complained = an earlier message to this address was reported as unwanted
verdict-hard-bounced = an earlier message to this address came back for good
verdict-not-me = whoever reads this address said that it is not this household's
verdict-suppressed = a leader asked not to write to this address
verdict-same-unit-shared = the same unit as { $place }; sent to both, they share one invitation and one code
verdict-same-unit = the same unit as { $place } with another household; it gets an invitation of its own
verdict-same-household = the same household as { $place }; without a unit it gets an invitation of its own
verdict-same-person = the same mailbox as { $place }, written in another way; it would get two invitations
verdict-duplicate = the same address as { $place }
verdict-not-text = { $field } must be a text
verdict-too-many-cells = this row has { $found } cells and the table { $expected } columns; put quotes around a cell that holds a separator
verdict-control-character = { $field } holds a line break or another control character; write it on one line
verdict-too-long = { $field } has { $found } characters; at most { $most } fit
verdict-formula = { $field } begins like a spreadsheet formula; write what it shows
verdict-unreadable = a letter of { $field } got lost on the way here; type it anew
# $by: owner, leader, service, or “nobody”: it is not known. $day: 2026-11-24
verdict-already-invited = this household was invited{ $by ->
    [owner] {" "}by an owner
    [leader] {" "}by a leader
    [service] {" "}by a program
   *[nobody] {""}
} on { $day }; send with already_invited "resend" to write again

## Another entry

verdict-place-line = line { $number }
verdict-place-entry = entry { $number }

## Addresses and numbers

verdict-email-empty = there is no e-mail address here
verdict-email-no-at = an e-mail address needs an @ sign
verdict-email-not-one = this holds more than one e-mail address, or a space or comma inside one
verdict-email-too-long = an e-mail address has at most 64 characters before the @ and 254 in all
verdict-email-local-part-not-ascii = letters with accents before the @ cannot be delivered to by every mail server
verdict-email-local-part = the part before the @ is not a valid mailbox name
verdict-email-domain = the part after the @ is not a valid domain name
verdict-phone-not-a-number = this is not a phone number
verdict-phone-not-one = this holds more than one phone number
verdict-phone-extension = a number with an extension cannot be texted to
verdict-phone-country = this number has no country; begin it with + and the country's calling code
verdict-phone-too-short = this number is too short; perhaps the area code is missing
verdict-phone-too-long = this number is too long; a number of another country begins with + and its calling code

## Mended
# $place: Line 4

invite-meanwhile = { $place } was changed meanwhile, and nothing was done. Look at it again, and press the button once more if it is still right.
invite-meanwhile-typed = { $place } was changed meanwhile, and nothing was saved. What you wrote still stands in its fields: save it if it is still right.
invite-removed-goes = { $count ->
    [one] Nothing is left on this list then: it goes, and the entry that you removed goes with it.
   *[other] Nothing is left on this list then: it goes, and the { $count } entries that you removed go with it.
}
