# What a leader does about what did not arrive, and what became of it.

## Another address

chasing-may-text = If it is a number: they agreed to get texts
chasing-send-there = Send it there

## What was just done

chasing-done-merged = The two are one now.
chasing-done-resent = The invitation is on its way again.
chasing-done-extended = The access code can be used for 30 days from today.
chasing-done-replaced = The old access code is void. The new one is on its way.
chasing-done-replaced-unsent = The old access code is void. Nothing could be sent: print a pass, or show the household its new link.
chasing-done-revoked = The invitation is cancelled: its access code lets nobody in any more.
chasing-done-mended = The invitation is on its way to the new address, with a new access code. The old code is void.
chasing-done-added = The invitation is on its way there, too.

## Why it was not done

chasing-stopped = Nothing was changed
# $why: a sentence
chasing-stopped-why = { $why } Nothing was changed.
chasing-joined = The household has joined meanwhile. Nothing was changed.
chasing-code-replaced = Another access code has taken its place meanwhile. Nothing was changed.
chasing-cancelled = It was cancelled meanwhile. Nothing was sent; look at the household again.
chasing-no-code = It has no valid access code. Send the invitation again to give it a new one.
chasing-nobody = Nobody of this household can be written to now: it was written to today, its messages are stopped, or nobody knows an address. What failed today can be sent again on the message's own page. Else mend the address, print a pass, or wait a day.
chasing-not-ready = Its leaders have to finish the checklist first.
# PORCHLIGHT_PUBLIC_URL is the name of a setting.
chasing-no-site = The operator has to set PORCHLIGHT_PUBLIC_URL first: a link says where it leads.
chasing-no-pass = No pass was printed
chasing-no-pass-why = The household has joined meanwhile, or nothing can be printed on this installation.

## Why an address was not taken

chasing-address-unchanged = Nothing was changed.
chasing-address-no-texts = Texts are not set up on this installation. Type an e-mail address.
chasing-address-not-agreed = Texts go only to people who agreed: ask them, and tick the box.
chasing-address-erased = Whoever reads this address asked to be forgotten.
chasing-address-suppressed = We were asked not to write to this address, or messages to it came back for good.
chasing-address-of-another = Another household of yours is reached there. Look for the address among the households.
chasing-address-just-entered = Somebody else has just entered this address. Look for it among the households.
chasing-address-same = This is the address that it went to already.
chasing-address-mended = Somebody has mended this address already. Nothing was changed.

## The household’s link

link-title = The household’s link
link-means = Whoever opens it can join as this household, once. Give it to nobody else. That you looked at it is written down.
link-or-type = Or type <b>{ $code }</b> at { $page }
link-symbol = The link as a QR code
