package labtest

// ioctl requests of include/dahdi/user.h.
const (
	ioFlush       = 0x4004da03
	ioGetParams   = 0xc088da05
	ioSetParams   = 0x4088da05
	ioHook        = 0x4004da07
	ioGetEvent    = 0x8004da08
	ioSpanStat    = 0xc13ada0a
	ioChanConfig  = 0x404cda13
	ioSetBufInfo  = 0x4018da1b
	ioDial        = 0x4104da1f
	ioAudioMode   = 0x4004da20
	ioSpecify     = 0x4004da26
	ioSetCadence  = 0x4040da2a
	ioGetRxBits   = 0x8004da2b
	ioSetTxBits   = 0x4004da2b
	ioBufEvents   = 0x4004da69
	ioDynCreate   = 0xc048da50
	ioDynDestroy  = 0x4048da51
	sizeParams    = 136
	sizeSpan      = 314
	sizeChanConf  = 76
	sizeDynamic   = 72
	offParamSpan  = 4
	offParamSig   = 12
	offParamHook  = 20
	offRxHook     = 36
	offChanAlarms = 132
	offSpanAlarms = 64
	offSpanChans  = 124
	eLast         = 500 // errno of read and write while an event waits
)

// Signalling, as CHANCONFIG takes it. A channel is signalled as what faces it.
const (
	FXSKewl  = 0x2004 // faces an exchange: an FXO port, a telephone
	FXOKewl  = 0x1020 // faces a telephone: an FXS port, an exchange
	EandM    = 0x40
	Clear    = 0x80
	HDLCRaw  = 0x180
	HDLCFCS  = 0x380
	CAS      = 0x8000
	HardHDLC = 0x80080
)

// Laws.
const (
	MuLaw = 1
	ALaw  = 2
)

// Hook states.
const (
	OnHook  = 0
	OffHook = 1
	Flash   = 3
	Ring    = 5
	RingOff = 6
)

// Events.
const (
	EvOnHook        = 1
	EvRingOffHook   = 2 // a ring burst has ended; the telephone is off-hook
	EvFlash         = 3
	EvAlarm         = 4
	EvNoAlarm       = 5
	EvAbort         = 6
	EvOverrun       = 7
	EvBadFCS        = 8
	EvDialComplete  = 9
	EvHookComplete  = 12
	EvBits          = 13
	EvPulseStart    = 14
	EvRingBegin     = 18
	EvRemoved       = 20
	EvReadOverrun   = 29
	EvWriteUnderrun = 30
	EvPulseDigit    = 1 << 16
)
