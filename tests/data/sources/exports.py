"""Small files in the shape of the platforms' own exports, with invented numbers."""

# ruff: noqa: E501 - lines are as long as the exports' own

from __future__ import annotations

from mmm.data.read import RawTable, read_table

GOOGLE = """Campaign report
"March 2, 2026 - March 4, 2026"
Day,Campaign,Campaign type,Campaign state,Currency code,Cost,Impr.,Clicks,CTR,Avg. CPC,Conversions,Conv. value
2026-03-02,Brand - Search,Search,Enabled,EUR,"1,100.50","15,106",770,5.10%,0.68,20.60,"1,545.17"
2026-03-02,Non-brand - Search,Search,Enabled,EUR,922.61,"16,665",880,5.28%,1.05,38.64,"3,222.45"
2026-03-02,PMax | All products,Performance Max,Enabled,EUR,10.10,100,8,8.00%,1.26,1.00,50.00
2026-03-03,Brand - Search,Search,Enabled,EUR,7.00,90,5,5.56%,1.40,--,--
2026-03-04,YouTube - Reach,Video,Enabled,EUR,3.33,50,0,--,--,0.00,0.00
Total: Account,--,--,--,EUR,"2,043.54","32,011","1,663",5.20%,1.23,60.24,"4,817.62"
"""

GOOGLE_GERMAN = """Kampagnenbericht
"2. März 2026 – 3. März 2026"
Tag;Kampagne;Kampagnentyp;Währungscode;Kosten;Impr.;Klicks;Conversions;Conv.-Wert
2026-03-02;Marke Brand;Suchnetzwerk;EUR;1.100,50;15.106;770;20,60;1.545,17
2026-03-03;Generische Suche;Suchnetzwerk;EUR;22,10;166;80;8,64;222,45
2026-03-03;Banner;Displaynetzwerk;EUR;5,00;1.000;3;0,00;0,00
"""

META_GERMAN = """Kampagnenname;Tag;Ausgegebener Betrag (EUR);Impressionen;Link-Klicks;Käufe;Berichtsstart;Berichtsende
Neukunden;2026-03-02;692,36;46023;618;18;2026-03-02;2026-03-02
Neukunden;2026-03-03;744,64;64265;957;22;2026-03-03;2026-03-03
"""

META_WEEKLY = """Campaign name,Amount spent (USD),Impressions,Link clicks,Purchases,Reporting starts,Reporting ends
Prospecting,692.36,46023,618,18,2026-03-02,2026-03-08
Prospecting,744.64,64265,957,22,2026-03-09,2026-03-15
"""

META_WITHOUT_DAYS = """Campaign name,Amount spent (USD),Impressions,Link clicks,Purchases,Reporting starts,Reporting ends
Prospecting,692.36,46023,618,18,2026-03-01,2026-03-31
Retargeting,744.64,64265,957,22,2026-03-01,2026-03-31
"""

TIKTOK = """Campaign name,By Day,Cost,CPC (destination),CPM,Impressions,Clicks (destination),CTR (destination),Conversions,Currency
Spark - UGC,2026-03-02,120.40,0.50,8.60,14000,240,1.71%,6,USD
Spark - UGC,2026-03-03,99.60,0.49,8.55,11650,203,1.74%,4,USD
TopView,2026-03-03,500.00,0.40,5.00,100000,1250,1.25%,9,USD
"""

LINKEDIN = """Account performance report\t\t\t\t\t\t\t
Report Start: March 2, 2026, 12:00 AM\t\t\t\t\t\t\t
Date Generated: March 5, 2026, 9:00 AM\t\t\t\t\t\t\t
\t\t\t\t\t\t\t
Start Date (in UTC)\tAccount Name\tCurrency\tCampaign Group Name\tCampaign Name\tTotal Spent\tImpressions\tClicks\tConversions
3/2/2026\tExample\tEUR\tGroup A\tDecision makers\t"1,200.25"\t9000\t45\t2
3/13/2026\tExample\tEUR\tGroup A\tDecision makers\t300.75\t2500\t11\t0
3/13/2026\tExample\tEUR\tGroup B\tLeads\t80.00\t600\t4\t1
"""

MICROSOFT = """"Report Name: Campaign performance"
"Report Time: 3/2/2026 - 3/4/2026"
"Time Zone: (GMT+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna"
"Rows: 3"

"Gregorian date","Account name","Campaign name","Campaign type","Currency code","Impressions","Clicks","Spend","Conversions","Revenue"
"2026-03-02","Example","Brand","Search & content","EUR","1,200","80","64.20","4","310.00"
"2026-03-02","Example","Shopping all","Shopping","EUR","5,200","60","41.10","2","120.00"
"2026-03-03","Example","Generic shoes","Search & content","EUR","800","20","30.05","1","60.00"

"©2026 Microsoft Corporation. All rights reserved. "
"""

GA4 = """# ----------------------------------------
# Free form 1
# Example shop
# 20260302-20260303
# ----------------------------------------

Date,Session default channel group,Sessions,Engaged sessions,Key events,Total revenue
20260302,Organic Search,1200,800,30,1500.5
20260302,Paid Search,700,500,20,900.25
20260303,Organic Search,1100,700,25,1400
"""

GA4_NTH_DAY = """# ----------------------------------------
# Traffic acquisition
# Start date: 20260302
# ----------------------------------------
Session default channel group,Nth day,Sessions,Engaged sessions,Key events,Total revenue
Organic Search,0000,1200,800,30,1500.5
Organic Search,0001,1100,700,25,1400
"""

FIVETRAN = """source_relation,date_day,platform,account_id,account_name,campaign_id,campaign_name,clicks,impressions,spend,conversions,conversions_value
a,2025-07-10,google_ads,1,Example,11,Back to School,140,5000,105.00,12,300.00
b,2025-07-10,facebook_ads,2,Example,12,Summer,320,16000,224.00,20,450.00
b,2025-07-11,facebook_ads,2,Example,12,Summer,300,15000,200.00,18,410.00
"""

SHOPIFY_SALES = """Day,Orders,Gross sales,Discounts,Returns,Net sales,Shipping,Taxes,Total sales
2026-03-02,12,1000.00,-50.00,-20.00,930.00,40.00,180.00,1150.00
2026-03-03,10,900.00,-10.00,0.00,890.00,35.00,170.00,1095.00
"""

_SHOPIFY = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,"
    "Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Cancelled at,Payment Method,"
    "Refunded Amount,Id"
)


def shopify(*rows: str) -> str:
    """An order export; each row is "name,status,total,created,quantity,cancelled,method,refunded"."""
    lines = [_SHOPIFY]
    for row in rows:
        name, status, total, created, quantity, cancelled, method, refunded = row.split(",")
        lines.append(
            f"{name},buyer@example.com,{status},{created},fulfilled,EUR,{total},0.00,0.00,{total},,0.00,{created},"
            f"{quantity},Shoe,10.00,{cancelled},{method},{refunded},{name.strip('#') if status else ''}"
        )
    return "\n".join(lines) + "\n"


def raw(text: str, name: str = "export.csv", encoding: str = "utf-8") -> RawTable:
    """The text as an uploaded file."""
    return read_table(name, text.encode(encoding))
