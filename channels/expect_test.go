package channels

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAnExpectedBoardIsTriedEverySecondAndNoLonger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := started(t, Config{Boards: []BoardConfig{{ID: "b1", Driver: opener(nil, nil, nil, nil, nil, nil, nil, nil, ticker(1, nil))}}})
		time.Sleep(20 * time.Second) // tried after 0, 1, 3, 7, 15 s; again only after 31 s
		synctest.Wait()
		s.Expect("another", time.Minute)
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if b := s.Boards()[0]; b.State == BoardRunning {
			t.Fatal("boards of another driver were expected")
		}
		s.Expect("fake", 10*time.Second)
		time.Sleep(5500 * time.Millisecond)
		synctest.Wait()
		if b := s.Boards()[0]; b.State != BoardRunning {
			t.Fatalf("%+v", b)
		}
	})
}
