# What is printed.

passes-title = Access passes
passes-lead = A pass carries a household's own access code on paper: hand it out, put it on the door, or post it with a stamp. Not in mailboxes: in the United States only the Postal Service may (18 U.S.C. 1725).

## Printing for everybody

passes-print = Print for everybody who has not joined
passes-print-nobody = There is nobody to print for: every household has joined, or there is none yet.
passes-layout = Layout and paper
passes-order = Order
passes-order-street = As one walks: by street and unit
passes-order-name = By name
passes-start = First free place on the first sheet
passes-start-means = 1 is a new sheet. Count from the upper left, line by line, to go on with one that was used in part.
passes-prepare = { $count ->
    [one] Prepare 1 pass
   *[other] Prepare { $count } passes
}
passes-too-many = At most { $most } are prepared at once: those first who have no pass yet. Do it again for the others.
passes-validity = Households without an invitation get one. All these codes can be used for 90 days at least.

## Printing blank ones

passes-blank = Print blank passes
passes-blank-means = For a meeting, a new neighbour, or whoever comes by: a blank pass belongs to nobody until somebody joins with it and says where they live. Give out one per household.
passes-blank-count = How many
passes-blank-start-means = 1 is a new sheet.
passes-blank-prepare = Prepare blank passes

## Why nothing was prepared

passes-fault-layout = Choose how the passes lie on paper.
passes-fault-count = The number of passes is one from 1 to { $most }.
passes-fault-start = The first free place is a number from 1 to { $last } on these sheets.
passes-fault-nobody = Every household has joined, or there is none yet. Import a list of homes first.
passes-fault-not-ready = Its leaders have to finish the checklist first.
# PORCHLIGHT_PUBLIC_URL is the name of a setting.
passes-fault-address = The operator has to set PORCHLIGHT_PUBLIC_URL first: a pass says where its code is typed.
passes-fault-sheets = These passes cannot be printed

## The layouts

passes-layout-cards-letter = Cards, US Letter, 10-up (Avery 5371, 8371)
passes-layout-cards-a4 = Cards, A4, 10-up (C32011)
passes-layout-labels-letter = Labels, US Letter, 10-up (Avery 5163)
passes-layout-window-letter = Letter for a #10 window envelope
passes-layout-door-hanger-letter = Door hangers, US Letter, 2-up
passes-layout-door-hanger-a4 = Door hangers, A4, 2-up
passes-layout-fold-over-letter = Fold-over slips, US Letter, 2-up
passes-layout-fold-over-a4 = Fold-over slips, A4, 2-up

## What was printed

passes-printed = Printed before
# $serial, $first and $last: six digits
passes-one = Pass { $serial }
passes-several = Passes { $first } to { $last }
passes-printing-layout = Layout
passes-printing-prepared = Prepared
passes-printing-valid-until = Valid until at least
passes-download = Download the sheets (PDF)
passes-how-to-print = Print at 100 %, without “fit to page”. Whoever has the sheets can join: keep them as you keep keys. Where a code is no longer valid its place stays empty.

## The test sheet

passes-test = Does your printer keep the measures?
passes-test-means = Print a test sheet on plain paper at 100 %, without “fit to page”, and hold it against the labels or cards in front of a window.
passes-test-sheet = Test sheet
passes-test-name = Test sheet for access passes
passes-test-how = Print at 100 %, without scaling. The rulers must measure 100 mm. Hold this page against the light behind your sheet: outlines and edges should agree within 1.5 mm.

## Several of them at once

passes-at-once = Several at once
# Two fields in a row: from pass … to pass …
passes-from = From pass
passes-to = to pass
passes-hand-over = Handed over
passes-void = Make void…

## Each of them

passes-each = Each pass
passes-column-pass = Pass
passes-column-steps = What you can do
passes-hand-over-one = Handed over<span class="away">: pass { $serial }</span>
passes-void-one = Make void…<span class="away"> Pass { $serial }</span>
passes-nameless = No name is known
passes-nobodys = Blank
passes-state-printed = Printed
passes-state-handed-over = Handed over
passes-state-joined = Joined
passes-state-expired = Expired
passes-state-void = Void

## What was just done

passes-told-handed-over = { $count ->
    [one] 1 pass is handed over now.
   *[other] { $count } passes are handed over now.
}
passes-told-none-handed-over = These were handed over before, or are no longer valid.
passes-told-void = { $count ->
    [one] 1 pass is void now.
   *[other] { $count } passes are void now.
}
passes-told-none-void = These were no longer valid already.

## Making them void

void-title = Make void?
void-back = Back to the passes
# $serial, $first and $last: six digits
void-one = Make pass { $serial } void?
void-several = Make passes { $first } to { $last } void?
void-means = Nobody can join with their codes any more, nor with e-mails, texts and other passes that carry the same ones. What waits to be sent with them is taken back. Whoever joined already stays.
void-again = You can invite these households again afterwards: they get new codes.
void-now = Make void
void-keep = Keep them
