# All of it on paper or as a file.

report-title = Report
report-heading = Report <span class="of">on <bdi>{ $community }</bdi></span>
# $at: a day and a time
report-as-of = As of { $at }
report-empty = There is nothing to report yet
report-empty-next = The report begins with the first list that is sent or imported.
report-download = Download as CSV
report-download-means = A file for a spreadsheet, with a row for each household and no codes. To print this page, press Ctrl and P, or choose Print in your browser’s menu.
report-nobody-joined = Nobody has joined yet.
report-households = Households

## How they were invited

report-ways = How they were invited
report-ways-invited = Invited
report-ways-by-email = By e-mail
report-ways-by-text = By text
report-ways-delivered = Delivered
report-ways-sent = Sent
report-ways-on-the-way = On the way
report-ways-problem = Problem
report-ways-not-sent = Not sent
report-ways-joined = Of them joined
report-ways-both = Whoever was invited both ways counts in both columns.
report-ways-nobody = Nobody has been invited yet.
report-on-paper = { $count ->
    [one] On paper: 1 household has a printed access pass; { $handed } marked as handed over, { $joined } joined.
   *[other] On paper: { $count } households have a printed access pass; { $handed } marked as handed over, { $joined } joined.
}

## The last batches

report-batches = The last batches

## Not joined yet

report-missing = Not joined yet
report-missing-nobody = Everybody has joined.
report-missing-count = { $count ->
    [one] 1 household has not joined yet.
   *[other] { $count } households have not joined yet.
}
report-missing-more = The first { $shown } stand here; <a href="/report.csv">the CSV file</a> has all of them.
report-pass-handed-over = They were handed a pass.
report-pass-printed = A pass is printed for them.

## The file: the names of its columns, and how somebody was invited

report-file-household = household
report-file-unit = unit
report-file-stands-at = stands_at
report-file-since = since
report-file-joined-at = joined_at
report-file-channel = channel
report-file-contact = contact
report-file-means = what_it_means
report-file-email = e-mail
report-file-text = text
report-file-paper = paper
