package prompt

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// spoken returns what clips say, by the script.
func spoken(t interface {
	Helper()
	Fatalf(string, ...any)
}, lang string, names []string) string {
	t.Helper()
	text := map[string]string{"pause": ","}
	for _, l := range Script(lang) {
		if l.Name != "pause" {
			text[l.Name] = l.Text
		}
	}
	words := make([]string, len(names))
	for i, n := range names {
		w, ok := text[n]
		if !ok {
			t.Fatalf("%s: %q says %s, which the script does not have", lang, names, n)
		}
		words[i] = w
	}
	if lang == "zh" {
		return strings.Join(words, "")
	}
	return strings.Join(words, " ")
}

func on(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
func at(hour, minute int) time.Time           { return time.Date(2026, 1, 1, hour, minute, 0, 0, time.UTC) }

type said struct {
	item Item
	want string
}

func checkSaid(t *testing.T, lang string, all []said) {
	t.Helper()
	if len(all) < 60 {
		t.Errorf("only %d examples", len(all))
	}
	for _, c := range all {
		if got := spoken(t, lang, Say(lang, c.item)); got != c.want {
			t.Errorf("said %q, want %q", got, c.want)
		}
	}
}

func TestEnglishIsSaidAsItShould(t *testing.T) {
	checkSaid(t, "en", []said{
		{Number(0), "zero"}, {Number(1), "one"}, {Number(10), "ten"}, {Number(11), "eleven"}, {Number(19), "nineteen"},
		{Number(20), "twenty"}, {Number(21), "twenty one"}, {Number(40), "forty"}, {Number(99), "ninety nine"},
		{Number(100), "one hundred"}, {Number(101), "one hundred and one"}, {Number(110), "one hundred and ten"},
		{Number(115), "one hundred and fifteen"}, {Number(999), "nine hundred and ninety nine"},
		{Number(1000), "one thousand"}, {Number(1005), "one thousand and five"}, {Number(1100), "one thousand one hundred"},
		{Number(1234), "one thousand two hundred and thirty four"}, {Number(10030), "ten thousand and thirty"},
		{Number(100000), "one hundred thousand"}, {Number(110001), "one hundred and ten thousand and one"},
		{Number(1000000), "one million"}, {Number(1000001), "one million and one"},
		{Number(1500000), "one million five hundred thousand"}, {Number(2000000000), "two billion"},
		{Number(1002003004), "one billion two million three thousand and four"},
		{Number(999999999999), "nine hundred and ninety nine billion nine hundred and ninety nine million nine hundred and ninety nine thousand nine hundred and ninety nine"},
		{Number(1000000000000), "one zero zero zero zero zero zero zero zero zero zero zero zero"},
		{Number(-1), "minus one"}, {Number(-120), "minus one hundred and twenty"}, {Number(-9223372036854775808), "minus nine two two three three seven two zero three six eight five four seven seven five eight zero eight"},
		{Decimal("3.14"), "three point one four"}, {Decimal("-0.5"), "minus zero point five"}, {Decimal("100.00"), "one hundred point zero zero"},
		{Decimal("42"), "forty two"}, {Decimal("1.2.3"), "one , two , three"}, {Decimal("007"), "seven"},
		{Digits("1203"), "one two zero three"}, {Digits("*21#"), "star two one hash"}, {Telephone("+44 20-7946"), "plus four four , two zero , seven nine four six"},
		{Digits(" - 5 - "), "five"}, {Telephone("abc"), ""},
		{Ordinal(1), "first"}, {Ordinal(2), "second"}, {Ordinal(3), "third"}, {Ordinal(12), "twelfth"}, {Ordinal(21), "twenty-first"}, {Ordinal(31), "thirty-first"},
		{Ordinal(32), "number thirty two"}, {Ordinal(0), "number zero"},
		{Date(on(2026, 11, 22), true, true), "Sunday November twenty-second twenty twenty six"},
		{Date(on(1999, 1, 1), false, true), "January first nineteen ninety nine"}, {Date(on(2000, 2, 29), true, true), "Tuesday February twenty-ninth two thousand"},
		{Date(on(2005, 5, 3), false, true), "May third two thousand and five"}, {Date(on(1905, 12, 31), false, true), "December thirty-first nineteen oh five"},
		{Date(on(1900, 6, 9), false, true), "June ninth nineteen hundred"}, {Date(on(2010, 7, 10), true, false), "Saturday July tenth"},
		{Date(on(1066, 10, 14), false, true), "October fourteenth one thousand and sixty six"}, {Date(on(2100, 3, 4), false, true), "March fourth twenty one hundred"},
		{Clock(at(0, 0)), "midnight"}, {Clock(at(12, 0)), "noon"}, {Clock(at(0, 5)), "twelve oh five a.m."}, {Clock(at(9, 0)), "nine a.m."},
		{Clock(at(12, 30)), "twelve thirty p.m."}, {Clock(at(15, 5)), "three oh five p.m."}, {Clock(at(23, 59)), "eleven fifty nine p.m."},
		{Duration(0), "zero seconds"}, {Duration(time.Second), "one second"}, {Duration(90 * time.Second), "one minute and thirty seconds"},
		{Duration(3661 * time.Second), "one hour one minute and one second"}, {Duration(2 * time.Hour), "two hours"},
		{Duration(49*time.Hour + 5*time.Second), "two days one hour and five seconds"}, {Duration(-time.Hour), "zero seconds"},
		{Money(USD, 0), "zero dollars"}, {Money(USD, 1), "one cent"}, {Money(USD, 101), "one dollar and one cent"}, {Money(USD, 250), "two dollars and fifty cents"},
		{Money(USD, -123456), "minus one thousand two hundred and thirty four dollars and fifty six cents"}, {Money(EUR, 100), "one euro"}, {Money(EUR, 2002), "twenty euros and two cents"},
		{Money(CNY, 500), "five yuan"}, {Money(CNY, 101), "one yuan and one fen"}, {Money("GBP", 1250), "twelve point five zero"}, {Money("GBP", -5), "minus zero point zero five"},
		{Position(1), "You are number one in the queue."}, {Position(12), "You are number twelve in the queue."},
		{Waiting(30 * time.Second), "You will wait for less than a minute."}, {Waiting(time.Minute), "You will wait for about one minute"},
		{Waiting(61 * time.Second), "You will wait for about two minutes"}, {Waiting(90 * time.Minute), "You will wait for about one hour and thirty minutes"},
		{Messages(0), "You have no new messages."}, {Messages(1), "You have one new message."}, {Messages(2), "You have two new messages."},
		{Count(1, "time/day", "time/days"), "one day"}, {Count(0, "time/day", "time/days"), "zero days"}, {Count(-1, "time/day", "time/days"), "minus one days"},
		{Clip("welcome"), "Welcome."}, {Item{}, ""},
	})
}

func TestChineseIsSaidAsItShould(t *testing.T) {
	checkSaid(t, "zh", []said{
		{Number(0), "零"}, {Number(1), "一"}, {Number(2), "二"}, {Number(10), "十"}, {Number(11), "十一"}, {Number(12), "十二"}, {Number(15), "十五"},
		{Number(20), "二十"}, {Number(22), "二十二"}, {Number(99), "九十九"}, {Number(100), "一百"}, {Number(101), "一百零一"},
		{Number(110), "一百一十"}, {Number(115), "一百一十五"}, {Number(200), "二百"}, {Number(222), "二百二十二"}, {Number(909), "九百零九"},
		{Number(1000), "一千"}, {Number(1005), "一千零五"}, {Number(1010), "一千零一十"}, {Number(1015), "一千零一十五"}, {Number(1050), "一千零五十"}, {Number(1100), "一千一百"},
		{Number(2000), "两千"}, {Number(2002), "两千零二"}, {Number(2222), "两千二百二十二"}, {Number(9999), "九千九百九十九"},
		{Number(10000), "一万"}, {Number(10005), "一万零五"}, {Number(10015), "一万零一十五"}, {Number(10030), "一万零三十"}, {Number(10300), "一万零三百"}, {Number(13000), "一万三千"},
		{Number(20000), "两万"}, {Number(22000), "两万二千"}, {Number(100000), "十万"}, {Number(105000), "十万五千"}, {Number(100500), "十万零五百"}, {Number(120000), "十二万"},
		{Number(150000), "十五万"}, {Number(1150000), "一百一十五万"}, {Number(10001000), "一千万一千"}, {Number(10010001), "一千零一万零一"},
		{Number(100000000), "一亿"}, {Number(100000005), "一亿零五"}, {Number(100005000), "一亿零五千"}, {Number(100010000), "一亿零一万"}, {Number(100100000), "一亿零一十万"}, {Number(200020002), "两亿零两万零二"},
		{Number(1010101010), "十亿一千零一十万一千零一十"}, {Number(123456789), "一亿二千三百四十五万六千七百八十九"},
		{Number(999999999999), "九千九百九十九亿九千九百九十九万九千九百九十九"}, {Number(500000000000), "五千亿"}, {Number(1000000000000), "一零零零零零零零零零零零零"},
		{Number(-15), "负十五"}, {Number(-2000), "负两千"}, {Number(32000), "三万二千"}, {Number(220000000), "两亿二千万"},
		{Decimal("2.5"), "二点五"}, {Decimal("-12.05"), "负十二点零五"}, {Decimal("0.10"), "零点一零"}, {Decimal("x1"), "一"},
		{Digits("1201"), "一二零一"}, {Telephone("13811112222"), "幺三八幺幺幺幺二二二二"}, {Telephone("010-1234"), "零幺零,幺二三四"}, {Telephone("+86*#"), "加八六星号井号"},
		{Ordinal(1), "第一"}, {Ordinal(2), "第二"}, {Ordinal(12), "第十二"}, {Ordinal(32), "第三十二"},
		{Date(on(2026, 11, 22), true, true), "二零二六年十一月二十二日星期日"}, {Date(on(2002, 2, 2), false, true), "二零零二年二月二日"},
		{Date(on(1999, 10, 10), true, false), "十月十日星期日"}, {Date(on(2024, 1, 31), true, true), "二零二四年一月三十一日星期三"},
		{Clock(at(0, 0)), "凌晨零点整"}, {Clock(at(2, 2)), "凌晨两点零二分"}, {Clock(at(6, 30)), "上午六点三十分"}, {Clock(at(10, 10)), "上午十点十分"}, {Clock(at(12, 0)), "中午十二点整"},
		{Clock(at(14, 0)), "下午两点整"}, {Clock(at(15, 5)), "下午三点零五分"}, {Clock(at(18, 15)), "晚上六点十五分"}, {Clock(at(22, 22)), "晚上十点二十二分"},
		{Duration(0), "零秒"}, {Duration(2 * time.Second), "两秒"}, {Duration(12 * time.Second), "十二秒"}, {Duration(90 * time.Second), "一分钟三十秒"},
		{Duration(3605 * time.Second), "一小时零五秒"}, {Duration(2*time.Hour + 2*time.Minute), "两小时两分钟"}, {Duration(50 * time.Hour), "两天两小时"}, {Duration(48*time.Hour + 3*time.Second), "两天零三秒"},
		{Money(CNY, 0), "零元"}, {Money(CNY, 553), "五元五角三分"}, {Money(CNY, 503), "五元零三分"}, {Money(CNY, 550), "五元五角"}, {Money(CNY, 50), "五角"}, {Money(CNY, 5), "五分"},
		{Money(CNY, 222), "两元两角两分"}, {Money(CNY, 20000), "二百元"}, {Money(CNY, 1200), "十二元"}, {Money(CNY, 10005), "一百元零五分"}, {Money(CNY, -10050), "负一百元五角"}, {Money(CNY, 15), "一角五分"},
		{Money(USD, 200), "两美元"}, {Money(USD, 150), "一美元五十美分"}, {Money(USD, 502), "五美元零两美分"}, {Money(EUR, 12), "十二欧分"}, {Money(EUR, 123400), "一千二百三十四欧元"},
		{Position(2), "您排在第二位。"}, {Position(10), "您排在第十位。"}, {Waiting(0), "预计等待时间不到一分钟。"}, {Waiting(2 * time.Minute), "预计等待时间为两分钟"},
		{Messages(0), "您没有新留言。"}, {Messages(1), "您有一条新留言。"}, {Messages(2), "您有两条新留言。"}, {Messages(22), "您有二十二条新留言。"},
		{Clip("goodbye"), "感谢您的来电，再见。"},
	})
}

func TestSeveralThingsAreSaidInTurn(t *testing.T) {
	got := Say("zh", Clip("caller-number-is"), Telephone("110"), Clip("pause"), Clip("date-and-time"), Clock(at(8, 0)))
	if s := spoken(t, "zh", got); s != "来电号码是幺幺零,现在是上午八点整" {
		t.Errorf("said %s", s)
	}
}

func TestAnUnknownLanguageIsEnglish(t *testing.T) {
	if a, b := Say("fr", Number(21)), Say("en", Number(21)); !slices.Equal(a, b) {
		t.Errorf("said %q", a)
	}
}
