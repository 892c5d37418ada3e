# How a list becomes a batch: pasted, verified, seen, confirmed.

## What several steps say

invite-title = Invite residents
invite-email-list = E-mail list
invite-text-list = Text message list
invite-no-texts = Texts are not set up on this installation
# Instead of what does not stand there.
invite-nothing = (nothing)
invite-no-consent = Texts go only to people who agreed. Say who agreed, how, and when.

## How residents are invited

invite-not-ready = Your community cannot send yet: <a href="/settings">finish the checklist in Settings</a>. You can paste a list and look at it all the same; it is kept.
invite-by-email = Paste addresses, or choose a file. Each household gets one e-mail with its access code.
# $until: a moment
invite-by-email-waits = The mail provider takes nothing right now. What you send waits; it is tried again { $until }.
invite-by-text-title = Text message
invite-by-text = For those who agreed to be texted. Each household gets one text with its access code.
invite-by-text-waits = The provider of texts takes nothing right now. What you send waits; it is tried again { $until }.
invite-by-text-not-set-up = Texts are not set up on this installation. Ask whoever runs it.
invite-on-paper-title = Printed access pass
invite-on-paper = For doors, meetings, and whoever reads no mail: access codes on paper.

## One household

invite-one = One household
invite-one-name = Name <span class="soft">(if you know it)</span>
invite-one-unit = Unit or address <span class="soft">(if there is one)</span>
invite-one-email = E-mail address
invite-one-contact = E-mail address or mobile number
invite-one-go = Look at it
invite-one-safe = Nothing is sent before you have seen the message and confirmed.
invite-one-no-contact = Write the e-mail address or the mobile number of the household.
invite-one-no-texts = Texts are not set up on this installation. Write an e-mail address.

## Lists that are not sent yet

invite-drafts = Lists that are not sent yet
# $channel: email or text; $count: entries
invite-draft = { $channel ->
    [email] E-mail list
   *[text] Text message list
}: { $count ->
    [one] 1 entry
   *[other] { $count } entries
}
invite-draft-left = { $channel ->
    [email] E-mail list
   *[text] Text message list
}: { $count ->
    [one] 1 entry left to look at
   *[other] { $count } entries left to look at
}
invite-draft-saved = from { $at }
invite-drafts-kept = Each is kept for 30 days after its last change.
invite-dropped = The list is thrown away. Nobody on it was written to.
invite-dropped-rest = What was left of the list is thrown away. What was sent of it before stays sent.
invite-dropped-gone = This list is not here any more: it was thrown away or sent before. Nothing was done now.

## Pasting

invite-paste-ask-operator = Ask whoever runs it. Until then, <a href="/invite/email">send an e-mail list</a> or <a href="/passes">print access passes</a>.
invite-paste-list = Paste your list
invite-paste-emails-mean = E-mail addresses, one after the other or with commas between; lines like “Jane Doe <jane@example.org>”; or rows copied out of a spreadsheet, with names and units. Whatever is wrong with a line you see on the next page, and can mend there.
invite-paste-texts-mean = Mobile numbers, one after the other or with commas between; lines like “Jane Doe <jane@example.org>”; or rows copied out of a spreadsheet, with names and units. Whatever is wrong with a line you see on the next page, and can mend there.
invite-paste-file = Or choose a file
invite-paste-file-means = CSV, TSV or plain text. From Excel or Numbers: “Save as”, then CSV. With a file, the box above is not read.
invite-paste-go = Look at the list
invite-paste-limit = At most 100,000 entries and 16 MiB at once. Nothing is sent yet.

# While it is pasted.
invite-paste-entries = { $count ->
    [one] About 1 entry.
   *[other] About { $count } entries.
}
# $name: the file’s name; $size: its KiB
invite-paste-chosen = The file { $name } is read, { $size } KiB.
invite-paste-too-large = That is more than 16 MiB: split the list.

invite-paste-away = Your list was not taken in
invite-paste-away-why = The ledger cannot be reached right now, and nothing was stored.
invite-paste-away-next = Go back in your browser: your list still stands in the box. Try again in a minute.
invite-paste-back = Go back in your browser: what you pasted still stands there.
invite-paste-not-whole = The list did not arrive whole. Send it again.
invite-paste-empty = There is nothing in this list yet. Paste the lines of your list below, or choose a file.

## Files that are no text

invite-file-spreadsheet = This is a spreadsheet file. Save it as CSV, or copy its cells and paste them.
invite-file-old-spreadsheet = This is an old Excel file. Save it as CSV, or copy its cells and paste them.
invite-file-pdf = This is a PDF file. Copy the addresses out of it and paste them.

## What is in which column

invite-columns = What is in which column?
invite-columns-lead = Your list is a table. This is how its columns were understood; change what is wrong.
invite-column = Column { $number }
# $head: what stands above it in the list
invite-column-headed = Column { $number }: <bdi>{ $head }</bdi>
invite-column-empty = Empty in the first rows.
invite-columns-go = Read the list like this
invite-columns-leave = Leave it as it is
invite-columns-anew = The list is read anew: what you changed in single entries is undone, and what you removed comes back.
invite-columns-no-email = Choose which column holds the e-mail addresses.
invite-columns-no-phone = Choose which column holds the phone numbers.
invite-columns-missing = Say for each column what it holds.
invite-columns-no-entry = With these columns the list has no entry. Choose others.
invite-column-is-email = E-mail address
invite-column-is-phone = Phone number
invite-column-is-unit = Unit or address
invite-column-is-household = Household
invite-column-is-name = Name
invite-column-is-first = First name
invite-column-is-last = Last name
invite-column-is-ignore = Not needed

## Looking at a list

invite-look-emails = Look at your e-mail list
invite-look-texts = Look at your text message list
invite-look-ready = Ready
invite-look-check = Check
invite-look-fix = Fix
invite-look-skip = Skip
invite-look-removed = Removed
invite-look-all-ready = Nothing on this list needs you any more.
# $channel: email or text; $count: messages
invite-look-go = Go on with { $channel ->
    [email] { $count ->
        [one] 1 e-mail
       *[other] { $count } e-mails
    }
   *[text] { $count ->
        [one] 1 text
       *[other] { $count } texts
    }
}
invite-look-next = Next you see the message. What is not ready stays here as a draft.
invite-look-not-ready = You can go on and see the message; to send, <a href="/settings">finish the checklist in Settings</a> first.
invite-look-none-go = Nothing on this list can go yet.
invite-look-columns = Are the columns right?
# Entries $from to $to of $count
invite-look-range = { $from } to { $to } of { $count }
invite-look-before = 50 before
invite-look-clear = Every line is in order.
invite-look-no-such = No entry is like that right now.
invite-look-kept = The list is kept until { $until }, and longer with every change.

## What is shown of it

invite-shown-ready = Ready to send
invite-shown-check = Have a second look
invite-shown-fix = To be mended
invite-shown-skip = Skipped
invite-shown-removed = Removed
invite-shown-all = The whole list
invite-shown-needs-you = What needs you

## Throwing it away

invite-drop = Throw this list away…
invite-drop-means = Nobody on it is written to. What was sent before stays sent. This cannot be undone.
invite-drop-go = Throw the list away

## One entry
# $place: “Line 3”, “Entry 3”

invite-entry-pasted = As pasted: <bdi>{ $pasted }</bdi>
# $meant: how it may have been meant
invite-entry-use = Use <bdi>{ $meant }</bdi>
invite-entry-edit = Edit<span class="away"> { $place }</span>
invite-entry-save = Save<span class="away"> { $place }</span>
invite-entry-remove = Remove<span class="away"> { $place }</span>
invite-entry-put-back = Put it back
invite-entry-accept = Send anyway
invite-entry-accept-too = Send the same code here, too
invite-entry-again = Send it again
invite-entry-leave-out = Leave it out
invite-entry-take-back = Do not send it yet
invite-entry-undo = Undo the change
invite-entry-email = E-mail
invite-entry-phone = Mobile
invite-entry-name = Name
invite-entry-unit = Unit
invite-entry-household = Household

## What is said of one entry

invite-said-removed = It is not sent.
invite-said-ready = It goes.
# The sentence after it says what is odd about it.
invite-said-all-the-same = It goes as it is.
# $day: 14 March 2027
invite-said-invited = This household was invited on { $day }.
# $by: you, named (then $name is their name), service, owner, or leader
invite-said-invited-by = This household was invited by { $by ->
    [you] you
    [named] { $name }
    [service] a program
    [owner] an owner
   *[leader] a leader
} on { $day }.
invite-said-again-by = Invited by { $by ->
    [you] you
    [named] { $name }
    [service] a program
    [owner] an owner
   *[leader] a leader
} on { $day }. It goes again, with the same code.
invite-said-again = Invited before: it goes again, with the same code.

## What was just done to one
# $place: “Line 3”, “Entry 3”

invite-done-ready = { $place } is ready now.
# The sentence after it says why.
invite-done-not-ready = { $place } still needs a look.
invite-done-accepted = { $place } goes as it is.
invite-done-taken-back = { $place } waits for your decision.
# $place: “line 3”, “entry 3”
invite-done-removed = Removed: { $place }.
invite-done-put-back = { $place } is back on the list.
invite-done-undone = { $place } stands as it was pasted.
invite-done-again = { $place } goes again, with the same code.
# The sentence after it says why.
invite-done-not-again = { $place } cannot go again now.
invite-done-left-out = { $place } is left out: it is not sent again.

# What was asked of one that somebody else had changed by then
invite-meanwhile = { $place } was changed meanwhile, and nothing was done. Look at it again, and press the button once more if it is still right.
invite-meanwhile-typed = { $place } was changed meanwhile, and nothing was saved. What you wrote still stands in its fields: save it if it is still right.

## What was just done to several

invite-done-nothing = There was nothing left to change.
invite-done-several = { $count ->
    [one] 1 entry is changed.
   *[other] { $count } entries are changed.
}
invite-done-several-removed = { $count ->
    [one] 1 entry is removed. It stands under “Removed”, and can be put back.
   *[other] { $count } entries are removed. They stand under “Removed”, and can be put back.
}
invite-done-several-back = { $count ->
    [one] 1 entry is back on the list.
   *[other] { $count } entries are back on the list.
}
invite-several-meanwhile = The list was changed meanwhile, and nothing was done. Look at it again, and press the button once more if it is still right.
invite-done-resend = Households that are invited already are sent the same code once more.
invite-done-no-resend = Households that are invited already are not written to again.
invite-done-read = The list is read again.

## What can be done to several

invite-several-again = { $count ->
    [one] Send 1 invitation again, with the same code
   *[other] Send { $count } invitations again, with the same code
}
invite-several-not-again = Do not send anything again
invite-several-remove = { $count ->
    [one] Remove 1 skipped entry from the list
   *[other] Remove { $count } skipped entries from the list
}
invite-several-put-back = { $count ->
    [one] Put 1 removed entry back on the list
   *[other] Put { $count } removed entries back on the list
}
# These count two or more.
invite-several-same-unit = Send all { $count } of the same unit anyway
invite-several-same-household = Send all { $count } of the same household anyway
invite-several-same-person = Send all { $count } written in two ways anyway
invite-several-typo = Send all { $count } as they are written anyway
invite-several-role = Send all { $count } to offices anyway
invite-several-disposable = Send all { $count } at short-lived mailboxes anyway
invite-several-landline = Send all { $count } to landlines anyway
invite-several-unlikely = Send all { $count } with unlikely numbers anyway

## The message

invite-message = The message
invite-message-list = The list
invite-message-updated = The preview is up to date.
invite-message-consent = Who agreed to be texted, how, and when?
invite-message-consent-means = For example: “All of them ticked the box for texts on this year’s form, in January.” It is kept with the list.
invite-message-consent-short = Say who agreed, how, and when.
invite-message-note = A personal note <span class="soft">(if you like)</span>
invite-message-note-means = Plain text, at most { $most } characters. It stands in every e-mail of this list.
# While it is written.
invite-message-note-left = { $count ->
    [one] 1 character left.
   *[other] { $count } characters left.
}
invite-message-note-over = { $count ->
    [one] 1 character too many.
   *[other] { $count } characters too many.
}
invite-message-update = Update the preview
invite-message-go = Go on: confirm
invite-message-too-long = { $found ->
    [one] This has 1 character; at most { $most } fit. Shorten it a little.
   *[other] This has { $found } characters; at most { $most } fit. Shorten it a little.
}
invite-message-unprintable = This holds a character that cannot be printed. Type it anew.

## When it goes

invite-when = When does it go?
invite-when-now = As soon as I have confirmed
invite-when-later = Not before this day and time
invite-when-moment = Day and time
invite-when-not-after = Not after <span class="soft">(if it matters)</span>
invite-when-not-after-means = What has not gone by then stays unsent.
# $zone: America/Chicago
invite-when-zone = Times are those of { $zone }.
# $from, $to: hours; $opens: a moment
invite-when-texts-later = Texts go between { $from } and { $to } on that day; this list starts { $opens }.
invite-when-texts-chosen = At the time you chose, the community’s window for texts is open until { $closes }.
invite-when-texts-now = Texts may go now, until { $closes }; what is left then waits for the next window.
invite-when-not-chosen = You wrote a day and time, but chose to send as soon as you have confirmed. Choose “Not before this day and time”, or empty the field.
invite-when-missing = Say on which day and at what time it is to go.
invite-when-passed = This moment has passed already.
invite-when-too-early = This is before anything could go. Choose a later moment, or leave it empty.
invite-when-unread = This is no day and time. Write it like 2027-03-14T09:30.

## What residents read

invite-preview = What residents read
invite-preview-sample = { $days ->
    [one] With a made-up name and access code. Each household gets its own, valid for 1 day.
   *[other] With a made-up name and access code. Each household gets its own, valid for { $days } days.
}
# Whom the e-mail greets.
invite-preview-household = The Sample household
invite-preview-no-short-name = The text cannot be written: your community has no short name yet. <a href="/settings">Settings</a>
invite-preview-subject = Subject: <b>{ $subject }</b>
invite-preview-shown = The e-mail as it is shown
invite-preview-plain = The same without pictures and colours
invite-preview-plain-shown = The e-mail as plain text
# Carriers send a long text in parts.
invite-preview-parts = { $characters ->
    [one] 1 character
   *[other] { $characters } characters
}, { $parts ->
    [one] 1 part
   *[other] { $parts } parts
}.
invite-preview-parts-odd = { $characters ->
    [one] 1 character
   *[other] { $characters } characters
}, { $parts ->
    [one] 1 part
   *[other] { $parts } parts
}, because a letter of it is not in the alphabet of texts.
invite-preview-parts-charged = Carriers count, and charge, each part.

## What will happen, before it does
# $channel: email or text; $messages and $households: how many

invite-confirm = Ready to send?
invite-confirm-not-sent = Nothing was sent yet
invite-confirm-nothing = Nothing on this list can go. Mend or accept entries first.
invite-confirm-back = Back to the list
invite-confirm-what = <b>{ $channel ->
    [email] { $messages ->
        [one] 1 e-mail
       *[other] { $messages } e-mails
    }
   *[text] { $messages ->
        [one] 1 text
       *[other] { $messages } texts
    }
}</b> to <b>{ $households ->
    [one] 1 household
   *[other] { $households } households
}</b>
invite-confirm-go = Send { $channel ->
    [email] { $messages ->
        [one] 1 e-mail
       *[other] { $messages } e-mails
    }
   *[text] { $messages ->
        [one] 1 text
       *[other] { $messages } texts
    }
} to { $households ->
    [one] 1 household
   *[other] { $households } households
}
invite-confirm-go-again = Send it all the same: { $channel ->
    [email] { $messages ->
        [one] 1 e-mail
       *[other] { $messages } e-mails
    }
   *[text] { $messages ->
        [one] 1 text
       *[other] { $messages } texts
    }
} to { $households ->
    [one] 1 household
   *[other] { $households } households
}
# $count: entries
invite-confirm-left = { $count ->
    [one] 1 entry stays as a draft, for you to look at later.
   *[other] { $count } entries stay as a draft, for you to look at later.
}
invite-confirm-skipped = { $count ->
    [one] 1 entry is skipped.
   *[other] { $count } entries are skipped.
}
invite-confirm-removed = { $count ->
    [one] Nothing goes to 1 entry that you removed.
   *[other] Nothing goes to { $count } entries that you removed.
}
# It stands where everything else of the list goes.
invite-confirm-goes-with = { $count ->
    [one] Nothing is left on this list then: it goes, and the entry that you removed goes with it.
   *[other] Nothing is left on this list then: it goes, and the { $count } entries that you removed go with it.
}
# $at: a moment
invite-confirm-starts = It starts { $at }.
invite-confirm-starts-open = It starts { $at }, when the window for texts opens.
invite-confirm-starts-now = It starts at once, and goes on in the background: you may close this page.
invite-confirm-not-after = What has not gone by { $at } stays unsent.
# $count: messages
invite-confirm-once-more = { $count ->
    [one] One of them goes again, with the same code and date: its household is invited already.
   *[other] { $count } of them go again, with the same code and date: their households are invited already.
}
invite-confirm-added = { $count ->
    [one] One of them goes to a household that is invited already, with the code and the date that it has.
   *[other] { $count } of them go to households that are invited already, with the code and the date that they have.
}
invite-confirm-days = { $days ->
    [one] Each new access code can be used for 1 day.
   *[other] Each new access code can be used for { $days } days.
}
invite-confirm-note = With your note: <q>{ $note }</q>
invite-confirm-not-ready = Your community cannot send yet: <a href="/settings">finish the checklist in Settings</a>. The list is kept.

## Why it was not sent

invite-refused-changed = Nothing was sent yet: something changed since you looked. Now { $channel ->
    [email] { $messages ->
        [one] 1 e-mail
       *[other] { $messages } e-mails
    }
   *[text] { $messages ->
        [one] 1 text
       *[other] { $messages } texts
    }
} to { $households ->
    [one] 1 household
   *[other] { $households } households
} would go. Look at the numbers, and press the button again.
invite-refused-same-list = Nothing was sent: exactly this list was sent within the last day. Most often that is a double press. If you mean it, send it all the same.
invite-refused-not-ready = Your community is not ready to send yet: finish the checklist in Settings. The list is kept.
invite-refused-under-way = This list is being sent right now. Wait a moment, and reload this page.
invite-refused-no-texts = Texts are not set up on this installation. The list is kept.
# $fault: one of the clauses below
invite-refused-send-at = The moment to send { $fault }. Go back to the message and change it.
invite-refused-not-after = “Not after” { $fault }. Go back to the message and change it.
invite-refused-unknown = It is not known whether your list was sent
invite-refused-unknown-why = Something went wrong on our side, and the answer got lost. Nothing that you wrote is.
invite-refused-unknown-next = Go back in your browser in a minute, and press the button again: it will not go twice.

## Clauses: what is wrong with a moment

invite-moment-too-far = is not within the next 90 days
invite-moment-passed = has passed already
invite-moment-too-late = is more than 180 days ahead
invite-moment-window-closed = is before the window for texts opens
