package doctor

import (
	"slices"
	"strings"

	"msg/internal/config"
)

// warner is a daemon that warns everyone, by wall where that is installed.
type warner struct{ account, unit, what string }

var warners = []warner{
	{"nut", "nut-monitor.service", "upsmon of NUT"},
	{"apcupsd", "apcupsd.service", "apcupsd"},
}

// schedulers run jobs of many accounts in one unit.
var schedulers = []string{"cron.service", "crond.service", "cronie.service", "anacron.service", "fcron.service", "atd.service"}

// judgeWarners checks who may send to everyone: a daemon that is here and would be refused, and
// a unit that is many senders. exists reports whether there is such an account.
func judgeWarners(broadcast []string, exists func(account string) bool) Finding {
	var refused, remedies, many []string
	for _, w := range warners {
		if exists(w.account) && !slices.Contains(broadcast, "*") && !slices.Contains(broadcast, w.account) && !slices.Contains(broadcast, config.Unit+w.unit) {
			refused, remedies = append(refused, w.what), append(remedies, `"`+w.account+`"`)
		}
	}
	for _, unit := range schedulers {
		if slices.Contains(broadcast, config.Unit+unit) {
			many = append(many, config.Unit+unit)
		}
	}
	switch {
	case len(refused) > 0:
		return Finding{
			"warners", Note, strings.Join(refused, " and ") + " may not send to everyone: nobody hears that the power is going",
			"add " + strings.Join(remedies, ", ") + " to broadcast in [policy] of /etc/msg/msg.toml",
		}
	case len(many) > 0:
		return Finding{
			"warners", Note, strings.Join(many, " and ") + " may send to everyone: that is every job of every system account",
			"name the account instead, or give the job a unit of its own",
		}
	}
	return Finding{"warners", OK, "no daemon here that warns everyone is refused", ""}
}
