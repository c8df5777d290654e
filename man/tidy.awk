# Makes scdoc's output clean to mandoc's lint: moves and drops paragraph macros
# that part nothing (before .RE, where one belongs behind it; beside a heading),
# and breaks text lines of more than 80 bytes at a blank.
{ line[++n] = $0 }
END {
	for (i = 1; i < n; i++)
		if (line[i] == ".P" && line[i + 1] == ".RE") {
			line[i] = ".RE"
			line[i + 1] = ".P"
		}
	for (i = 1; i <= n; i++) {
		if (line[i] == ".P" && (i == n || line[i + 1] ~ /^\.(P|SH|SS|RE)( |$)/ || last ~ /^\.(SH|SS|TH) /))
			continue
		literal = line[i] == ".nf" || literal && line[i] != ".fi"
		rest = line[i]
		while (!literal && rest !~ /^\./ && length(rest) > 80 && match(substr(rest, 1, 80), /.* [^.' ]/)) {
			print substr(rest, 1, RLENGTH - 2)
			rest = substr(rest, RLENGTH)
		}
		print last = rest
	}
}
