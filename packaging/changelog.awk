# Makes Debian's form of changelog of CHANGELOG.md. What has no date yet, or no version,
# is what is being packed.
function item(   word, n, i, line) {
	n = split(text, word, " ")
	line = "  * " word[1]
	for (i = 2; i <= n; i++) {
		if (length(line " " word[i]) > 79) {
			print line
			line = "   "
		}
		line = line " " word[i]
	}
	if (n)
		print line
	text = ""
}
function entry() {
	item()
	if (when)
		printf "\n -- %s  %s\n\n", maintainer, when
}
/^## / {
	entry()
	split(substr($0, 4), head, ", ")
	when = date
	dated = head[2] ~ /^[0-9]+-[0-9]+-[0-9]+$/
	if (dated) {
		command = "date -u -R -d " head[2]
		command | getline when
		close(command)
	}
	printf "%s (%s) unstable; urgency=medium\n\n", package, dated ? head[1] : version
	next
}
/^- / {
	item()
	text = substr($0, 3)
	next
}
when { text = text " " $0 }
END { entry() }
