package doctor

import "testing"

func TestJudgeWarners(t *testing.T) {
	nut := func(name string) bool { return name == "nut" }
	none := func(string) bool { return false }
	judged(t, judgeWarners([]string{"%adm"}, none), OK, "no daemon", "")
	judged(t, judgeWarners([]string{"%adm"}, nut), Note, "upsmon of NUT may not", `add "nut" to broadcast`)
	for _, list := range [][]string{{"nut"}, {"*"}, {"%adm", "unit:nut-monitor.service"}} {
		judged(t, judgeWarners(list, nut), OK, "no daemon", "")
	}
	judged(t, judgeWarners([]string{"unit:cron.service"}, none), Note, "every job", "a unit of its own")
	judged(t, judgeWarners([]string{"unit:cron.service"}, func(string) bool { return true }), Note, "upsmon of NUT and apcupsd", `"nut", "apcupsd"`)
}
