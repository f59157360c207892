package progress

// countries are the tones of the countries, as their administrations reported
// them to the ITU ("Various tones used in national networks", the list under
// ITU-T E.180, supplement 2), European ones also in ETSI TR 101 041-2, and as
// exchanges and equipment for these countries are commonly set to. China's are
// those of GB/T 3380, and come first wherever nothing else is asked for.
//
// A line is a country by its ISO 3166 code and its tones:
//
//	name frequencies/on,off,on,off…   in Hz and ms
//
// 350+440 sounds together, 400*25 is 400 Hz whose amplitude swings 25 times a
// second. A tone without times is steady. Where the parts of a cadence differ in
// frequency each has its own, joined by "then". E.180 has the special
// information tone the same everywhere, so that it stands once, on a line of its
// own. What cannot be told is left out: Australia's congestion tone, which is its
// busy tone but for every other burst being lower, and special dial tones that
// swing or beat and are interrupted for no longer than 40 ms (Australia, Romania).
var countries = [...]string{
	"CN dial 450; ringback 450/1000,4000; busy 450/350,350; congestion 450/700,700; waiting 450/400,4000; vacant 450/100,100,100,100,100,100,400,400; notice 450/200,200,200,600; special-dial 450/400,40; record 950/400,10000; howler 950",
	"** sit 950/330,0 then 1400/330,0 then 1800/330,1000",
	"US dial 350+440; ringback 440+480/2000,4000; busy 480+620/500,500; congestion 480+620/250,250; waiting 440/300,10000; special-dial 350+440/100,100; record 1400/500,15000; howler 1400/100,100; sit 914/274,0 then 1371/274,0 then 1777/380,1000; sit 985/380,0 then 1429/380,0 then 1777/380,1000",
	"GB dial 350+440; ringback 400+450/400,200,400,2000; busy 400/375,375; congestion 400/400,350,225,525; waiting 400/100,4000; vacant 400; record 1400/500,60000; notice 400/125,125",
	"DE dial 425; ringback 425/1000,4000; busy 425/480,480; congestion 425/240,240; waiting 425/200,200,200,5000; special-dial 400+425; record 1400/80,15000",
	"FR dial 440; ringback 440/1500,3500; busy 440/500,500; congestion 440/250,250; waiting 440/300,10000; special-dial 440/100,100",
	"JP dial 400; ringback 400*16/1000,2000; busy 400/500,500; waiting 400*16/500,8000; special-dial 400/100,100",
	"KR dial 350+440; ringback 440+480/1000,2000; busy 480+620/500,500; congestion 480+620/300,200; waiting 350+440/250,250,250,3250",
	"HK dial 350+440; ringback 440+480/400,200,400,3000; busy 480+620/500,500; congestion 480+620/250,250; waiting 440/500,8000; vacant 480+620",
	"TW dial 350+440; ringback 440+480/1000,2000; busy 480+620/500,500; congestion 480+620/250,250; waiting 350+440/250,250,250,3250",
	"MO dial 425; ringback 425/1000,4000; busy 425/500,500; congestion 425/250,250; waiting 425/200,600; special-dial 425/100,100",
	"SG dial 425; ringback 425*24/400,200,400,2000; busy 425/750,750; congestion 425/250,250; waiting 425*24/300,200,300,3200; vacant 425/2500,500; notice 425/125,125",
	"MY dial 425; ringback 425/400,200,400,2000; busy 425/500,500; waiting 425/100,4000; special-dial 425+450",
	"TH dial 400*50; ringback 420/1000,5000; busy 400/500,500; congestion 400/300,300",
	"PH dial 425; ringback 425+480/1000,4000; busy 480+620/500,500; congestion 480+620/250,250; waiting 440/300,10000",
	"ID dial 425; ringback 425/1000,4000; busy 425/500,500; congestion 425/250,250; waiting 425/150,150,150,10000",
	"VN dial 425; ringback 425/1000,4000; busy 425/500,500; congestion 425/250,250",
	"IN dial 400*25; ringback 400*25/400,200,400,2000; busy 400/750,750; congestion 400/250,250; waiting 400/200,100,200,7500",
	"PK dial 400; ringback 400/1000,2000; busy 400/500,500; congestion 400/250,250",
	"IR dial 425; ringback 425/1000,4000; busy 425/500,500; congestion 425/240,240; waiting 425/200,200,200,10000",
	"IL dial 414; ringback 414/1000,3000; busy 414/500,500; congestion 414/250,250; waiting 414/100,100,100,100,600,3000; special-dial 414/160,160",
	"AE dial 350+440; ringback 400+450/400,200,400,2000; busy 400/375,375; congestion 400/400,350,225,525",
	"TR dial 450; ringback 450/2000,4000; busy 450/500,500; congestion 450/200,200,200,200,200,200,600,200; waiting 450/200,600,200,8000; special-dial 450/1000,250",
	"AU dial 413+438; ringback 413+438/400,200,400,2000; busy 425/375,375; waiting 425/200,200,200,4400; vacant 425/2500,500",
	"NZ dial 400; ringback 400+450/400,200,400,2000; busy 400/500,500; congestion 400/250,250; waiting 400/200,3000; vacant 400/75,100,75,100,75,100,75,400; special-dial 400/100,100",
	"CA dial 350+440; ringback 440+480/2000,4000; busy 480+620/500,500; congestion 480+620/250,250; waiting 440/300,10000; special-dial 350+440/100,100; howler 1400/100,100",
	"MX dial 425; ringback 425/1000,4000; busy 425/250,250; waiting 425/200,600,200,10000",
	"BR dial 425; ringback 425/1000,4000; busy 425/250,250; congestion 425/250,250,750,250; waiting 425/50,1000",
	"AR dial 425; ringback 425/1000,4500; busy 425/300,300; congestion 425/200,300; waiting 425/200,9000; special-dial 425/450,50",
	"CL dial 400; ringback 400/1000,3000; busy 400/500,500; congestion 400/200,200; waiting 400/250,8750; special-dial 400/100,100",
	"CO dial 425; ringback 425/1000,4500; busy 425/250,250; congestion 425/100,250,350,250,650,250; waiting 400+450/300,6000",
	"CR dial 450; ringback 450/1200,4900; busy 450/330,330; waiting 450/150,150,150,8000; special-dial 450/100,100",
	"PA dial 425; ringback 425/1200,4650; busy 425/320,320; waiting 425/180,180,180,4000; special-dial 425/100,100",
	"VE dial 425; ringback 425/1000,4000; busy 425/500,500; congestion 425/250,250; waiting 400+450/300,6000",
	"AT dial 420; ringback 420/1000,5000; busy 420/400,400; congestion 420/200,200; waiting 420/40,1960; special-dial 380+420; record 1400/80,15000",
	"BE dial 425; ringback 425/1000,3000; busy 425/500,500; congestion 425/167,167; waiting 1400/175,175,175,3500; special-dial 425/1000,250",
	"BG dial 425; ringback 425/1000,4000; busy 425/500,500; congestion 425/250,250; waiting 425/150,150,150,4000; special-dial 425/1500,100",
	"CH dial 425; ringback 425/1000,4000; busy 425/500,500; congestion 425/200,200; waiting 425/200,200,200,4000; special-dial 340+425/1100,1100",
	"CZ dial 425/330,330,660,660; ringback 425/1000,4000; busy 425/330,330; congestion 425/165,165; waiting 425/330,9000; special-dial 425/450,50",
	"DK dial 425; ringback 425/1000,4000; busy 425/500,500; congestion 425/200,200; special-dial 425/450,50",
	"EE dial 425; ringback 425/1000,4000; busy 425/300,300; congestion 425/200,200; special-dial 425/650,25",
	"ES dial 425; ringback 425/1500,3000; busy 425/200,200; congestion 425/200,200,200,200,200,600; waiting 425/175,175,175,3500",
	"FI dial 425; ringback 425/1000,4000; busy 425/300,300; congestion 425/200,200; waiting 425/150,150,150,8000; special-dial 425/650,25",
	"GR dial 425/200,300,700,800; ringback 425/1000,4000; busy 425/300,300; congestion 425/200,200; waiting 425/150,150,150,8000",
	"HU dial 425; ringback 425/1250,3750; busy 425/300,300; waiting 425/40,1960; special-dial 350+375+400",
	"IE dial 425; ringback 400+450/400,200,400,2000; busy 425/500,500; congestion 425/375,375; waiting 425/200,200,200,4000",
	"IT dial 425/200,200,600,1000; ringback 425/1000,4000; busy 425/500,500; congestion 425/200,200; waiting 425/400,100,250,100,150,14000; special-dial 470/400,0 then 425/400,0",
	"LT dial 425; ringback 425/1000,4000; busy 425/350,350; congestion 425/200,200; waiting 425/150,150,150,4000; special-dial 425/500,50",
	"NL dial 425; ringback 425/1000,4000; busy 425/500,500; congestion 425/250,250; waiting 425/500,9500; special-dial 425/500,50",
	"NO dial 425; ringback 425/1000,4000; busy 425/500,500; congestion 425/200,200; waiting 425/200,600,200,10000; special-dial 470/400,0 then 425/400,0",
	"PL dial 425; ringback 425/1000,4000; busy 425/500,500; waiting 425/150,150,150,4000; special-dial 425/500,50",
	"PT dial 425; ringback 425/1000,5000; busy 425/500,500; congestion 425/200,200; special-dial 425/1000,200",
	"RO dial 450; ringback 450*25/1850,4150; busy 450/167,167; congestion 450/500,500; waiting 450/150,150,150,8000; vacant 450/92,110,92,110,92,110,362,110",
	"RU dial 425; ringback 425/800,3200; busy 425/350,350; congestion 425/175,175; waiting 425/200,5000",
	"SE dial 425; ringback 425/1000,5000; busy 425/250,250; congestion 425/250,750; waiting 425/200,500,200,9100; special-dial 425/100,100",
	"UA dial 425; ringback 425/1000,4000; busy 425/350,350; congestion 425/175,175",
	"AO dial 400; ringback 400*25/1000,5000; busy 400/500,500",
	"EG dial 425*50; ringback 425*50/2000,1000; busy 425*50/1000,4000; congestion 450*50/500,500",
	"KE dial 425; ringback 425/670,3000,1500,5000; busy 425/200,600",
	"TZ dial 400+425; ringback 425/1000,4000; busy 425/1000,1000; congestion 425/375,375",
	"UG dial 425; ringback 425/1000,4000; busy 425/500,500; congestion 425/250,250; waiting 425/150,150,150,8000",
	"ZA dial 400*33; ringback 400*33/400,200,400,2000; busy 400/500,500; congestion 400/250,250; waiting 400*33/250,250; special-dial 400*33/100,100",
}
